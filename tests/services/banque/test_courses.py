"""Two browsers at once: the same IBAN, renaming or choosing against removing, the accounts of one payment."""

from collections.abc import Callable
from datetime import date, datetime
from itertools import pairwise

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import Courriel, Espace, Evenement
from services.banque.comptes import (
    CompteDejaEnregistre,
    CompteRetire,
    CompteSuspendu,
    ajouter_compte,
    renommer_titulaire,
    retirer_compte,
)
from services.banque.mandat import noter_remise
from services.banque.paiement import CompteNonChoisissable, choisir_comptes
from services.banque.signalement import signaler_changement
from services.models import ChangementBancaire, MandatSepa, ReferenceBancaire, Service, SignalementBancaire
from tests.factories import changement_bancaire, compte_bancaire
from tests.scenes import en_parallele

from .scenes import AUTRE, IBAN, Entreprise, monter

pytestmark = pytest.mark.django_db(transaction=True)


def test_course_au_meme_iban(tours: Callable[[int], int]) -> None:
    """Sixteen additions by two administrators: one account, one mandate, one line, and fifteen refusals that say why."""
    for _ in range(tours(200)):
        with transaction.atomic():
            entreprise = monter()
        acteurs = [entreprise.titulaire, entreprise.suppleant]

        def ajouter(rang: int, entreprise: object = entreprise, acteurs: list = acteurs) -> object:  # type: ignore[type-arg]
            return ajouter_compte(
                acteur=acteurs[rang % 2],
                personne=entreprise.personne,  # type: ignore[attr-defined]
                iban=IBAN,
                titulaire="ATELIER",
            )

        resultats = en_parallele(16, ajouter)
        ajoutes = [r for r in resultats if isinstance(r, ReferenceBancaire)]
        assert len(ajoutes) == 1, resultats
        assert sum(isinstance(r, CompteDejaEnregistre) for r in resultats) == 15, resultats
        siren = entreprise.personne.siren
        assert Evenement.objects.filter(acte="compte_bancaire.ajoute", siren=siren).count() == 1
        assert MandatSepa.objects.filter(reference__personne=entreprise.personne).count() == 1


def test_course_renommer_contre_supprimer(tours: Callable[[int], int]) -> None:
    """Whichever is first: the account ends removed, and whoever came too late is told."""
    for _ in range(tours(200)):
        with transaction.atomic():
            entreprise = monter()
            reference = compte_bancaire(entreprise.personne)
        montre = reference.titulaire

        def courir(rang: int, e: object = entreprise, r: ReferenceBancaire = reference, m: str = montre) -> object:
            if rang % 2:
                return retirer_compte(acteur=e.titulaire, reference=r)  # type: ignore[attr-defined]
            return renommer_titulaire(acteur=e.suppleant, reference=r, titulaire="NOUVEAU", montre=m)  # type: ignore[attr-defined]

        resultats = en_parallele(16, courir)
        retraits = [r for rang, r in enumerate(resultats) if rang % 2]
        assert sum(isinstance(r, ReferenceBancaire) for r in retraits) == 1, resultats
        assert all(isinstance(r, ReferenceBancaire | CompteRetire) for r in resultats), resultats
        reference.refresh_from_db()
        assert reference.supprimee_le is not None
        renommes = Evenement.objects.filter(acte="compte_bancaire.renomme", siren=entreprise.personne.siren).count()
        assert renommes == (reference.titulaire == "NOUVEAU")
        retrait = ChangementBancaire.objects.get(reference=reference, genre="SUPPRESSION")
        assert Courriel.objects.filter(acte=f"compte-bancaire-retire:{retrait.pk}").count() == 3


def test_course_aux_choix_d_un_paiement(tours: Callable[[int], int]) -> None:
    """Two accounts chosen by four people at once: one stands, and the journal tells each change of it, in order, and nothing else."""
    for _ in range(tours(200)):
        with transaction.atomic():
            entreprise = monter()
            comptes = [compte_bancaire(entreprise.personne), compte_bancaire(entreprise.personne, AUTRE)]
        service = Service.objects.get(code="PAYER_TVA")
        acteurs = [entreprise.titulaire, entreprise.suppleant, entreprise.delegant, entreprise.acteur]

        def choisir(
            rang: int,
            e: Entreprise = entreprise,
            s: Service = service,
            c: list[ReferenceBancaire] = comptes,
            a: list[Espace] = acteurs,
        ) -> object:
            return choisir_comptes(acteur=a[rang % 4], personne=e.personne, service=s, cles=[str(c[rang // 4 % 2].pk)])

        resultats = en_parallele(16, choisir)
        assert all(isinstance(r, list) for r in resultats), resultats
        choisis = ReferenceBancaire.objects.filter(personne=entreprise.personne, choisie_pour=["PAYER_TVA"])
        lignes = Evenement.objects.filter(acte="comptes_bancaires.choisis", siren=entreprise.personne.siren)
        dits = [ligne.details["comptes"] for ligne in lignes.order_by("pk")]
        assert [compte.iban_masque for compte in choisis] == dits[-1:]
        assert all(avant != apres for avant, apres in pairwise(dits)), dits


def test_course_choisir_contre_supprimer(tours: Callable[[int], int]) -> None:
    """Whichever is first: the account ends removed and chosen for nothing; whoever came too late is told."""
    for _ in range(tours(200)):
        with transaction.atomic():
            entreprise = monter()
            reference = compte_bancaire(entreprise.personne)
        service = Service.objects.get(code="PAYER_TVA")

        def courir(
            rang: int, e: Entreprise = entreprise, s: Service = service, r: ReferenceBancaire = reference
        ) -> object:
            if rang == 7:
                return retirer_compte(acteur=e.titulaire, reference=r)
            acteur = e.suppleant if rang % 2 else e.acteur
            return choisir_comptes(acteur=acteur, personne=e.personne, service=s, cles=[str(r.pk)])

        resultats = en_parallele(16, courir)
        assert isinstance(resultats.pop(7), ReferenceBancaire), resultats
        assert all(isinstance(r, list | CompteNonChoisissable) for r in resultats), resultats
        reference.refresh_from_db()
        assert reference.supprimee_le is not None
        assert reference.choisie_pour == []
        siennes = Evenement.objects.filter(siren=entreprise.personne.siren).order_by("pk")
        actes = list(siennes.values_list("acte", flat=True))
        choisie = any(isinstance(r, list) for r in resultats)
        assert [acte for acte in actes if acte.startswith("compte")] == [
            *(["comptes_bancaires.choisis"] if choisie else []),
            "compte_bancaire.retire",
        ]


def test_course_signaler_contre_employer(tours: Callable[[int], int]) -> None:
    """Reports against uses (mandate, tick): one report, and once it stands nothing of the account serves."""
    for _ in range(tours(200)):
        with transaction.atomic():
            entreprise = monter()
            reference = compte_bancaire(entreprise.personne, edite_le=timezone.now())
            changement = changement_bancaire(reference, entreprise.titulaire)
        aujourd_hui = timezone.localdate()

        def courir(
            rang: int,
            e: object = entreprise,
            r: ReferenceBancaire = reference,
            c: ChangementBancaire = changement,
            le: date = aujourd_hui,
        ) -> object:
            if rang % 2:
                qui = e.suppleant if rang % 4 == 1 else e.declarant  # type: ignore[attr-defined]
                return signaler_changement(acteur=qui, changement=c)
            noter_remise(acteur=e.titulaire, reference=r, le=le)  # type: ignore[attr-defined]
            return timezone.now()

        resultats = en_parallele(16, courir)
        signalements = {r.pk for r in resultats[1::2] if isinstance(r, SignalementBancaire)}
        assert len(signalements) == 1, resultats
        assert all(isinstance(r, datetime | CompteSuspendu) for r in resultats[::2]), resultats
        assert all(isinstance(r, SignalementBancaire) for r in resultats[1::2]), resultats
        assert SignalementBancaire.objects.filter(changement=changement).count() == 1
        siren = entreprise.personne.siren
        dits = Evenement.objects.filter(acte="changement_bancaire.signale", siren=siren).values_list(
            "auteur", flat=True
        )
        siens = [entreprise.suppleant.numero_abonne, entreprise.declarant.numero_abonne]
        assert sorted(dits) == sorted(siens), "one report that waits, each of the two kept behind it, once"
        with pytest.raises(CompteSuspendu):
            noter_remise(acteur=entreprise.titulaire, reference=reference, le=aujourd_hui)
