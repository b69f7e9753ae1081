"""The holder who says « ce n'est pas moi » raises a signal of the gravest kind: nobody knows better (R15, CGU §3.6.a).

Each saying is a signal of its own, also the second of a day: who says it first may be the thief.
"""

from accounts.espace.pas_moi import DEPUIS_L_ESPACE, RECENT, Dit

from .signaux.registre import ANCIENNE_ADRESSE, CE_N_EST_PAS_MOI
from .signaux.signalement import signaler


def alerter(dit: Dit) -> None:
    """Signal this « ce n'est pas moi », with what decides what the cell does next."""
    espace = dit.espace
    dits = [
        "depuis la page « Sécurité »" if dit.voie == DEPUIS_L_ESPACE else "par le lien d’un courriel",
        "mot de passe bloqué" if dit.mot_de_passe_bloque else "mot de passe laissé",
    ]
    if espace.reponse_precedente and espace.reponse_changee_le > dit.le - RECENT:
        dits.append("réponse de confiance changée depuis moins de sept jours")
    ancienne = bool(dit.adresse) and dit.adresse != dit.compte.email
    if ancienne:
        dits.append("dit depuis une adresse qui n’est plus celle de connexion")
    signaler(
        compte=dit.compte,
        genre=CE_N_EST_PAS_MOI,
        details={
            "annonce": " ; ".join(dits),
            "nombre": dit.sessions,
            **({"boite": ANCIENNE_ADRESSE} if ancienne else {}),
        },
        occasion=dit.evenement,
        maintenant=dit.le,
    )
