"""The holder who says « ce n'est pas moi » raises an alert of the gravest kind: nobody knows better (R15, CGU §3.6.a)."""

from typing import Final

from accounts.espace.pas_moi import RECENT, Dit

from .models import Alerte

CE_N_EST_PAS_MOI: Final = "ce_n_est_pas_moi"


def alerter(dit: Dit) -> None:
    """Raise the alert of this « ce n'est pas moi », unless one of the same account waits to be examined already."""
    if Alerte.objects.filter(compte=dit.compte, motif=CE_N_EST_PAS_MOI, etat=Alerte.Etat.OUVERTE).exists():
        return
    espace = dit.espace
    Alerte.objects.create(
        compte=dit.compte,
        motif=CE_N_EST_PAS_MOI,
        levee_le=dit.le,
        details={
            "voie": dit.voie,
            "sessions": dit.sessions,
            "mot_de_passe_bloque": dit.mot_de_passe_bloque,
            "reponse_recente": bool(espace.reponse_precedente) and espace.reponse_changee_le > dit.le - RECENT,
            "adresse_ancienne": bool(dit.adresse) and dit.adresse != dit.compte.email,
        },
    )
