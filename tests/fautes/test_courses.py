"""Races of the main job, on real PostgreSQL: connections released at once, the database decides (issue 2)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from accounts.espace.inscription import Inscription, inscrire_expert
from accounts.models import Compte, Espace
from accounts.saisies.regles import RegleMetier
from accounts.traces.acteurs import Visiteur
from activation.courriers import edition
from activation.courriers.codes import CodeDejaUtilise, CodeEtranger, TropDeCodesSansDemande, deriver_code
from activation.demandes.activation import Activation, activer, activer_code_recu
from activation.demandes.adhesion import deposer_adhesion
from activation.models import Demande
from habilitations.models import Adhesion, Habilitation, Mandat
from services.models import PersonneSirenisee
from tests.factories import MOT_DE_PASSE, REPONSE, EspaceFactory, PersonneFactory, ServiceFactory
from tests.scenes import en_parallele

pytestmark = pytest.mark.django_db(transaction=True)
COUREURS = 16


def deposer(espace: Espace, personne: PersonneSirenisee) -> Demande:
    with transaction.atomic():
        service = ServiceFactory(code="DECL_TVA")
    demande = deposer_adhesion(acteur=espace, personne=personne, services=[service], qualite="MANDATAIRE")
    edition.editer_en_attente()
    return demande


def test_le_meme_code_saisi_seize_fois(tours: Callable[[int], int]) -> None:
    for _ in range(tours(200)):
        espace, personne = EspaceFactory(), PersonneFactory()
        demande = deposer(espace, personne)
        code = deriver_code(demande=demande.pk, numero=1)
        resultats = en_parallele(COUREURS, lambda _: activer(acteur=espace, demande=demande, saisie=code))
        assert sum(isinstance(r, Activation) for r in resultats) == 1, resultats
        assert sum(isinstance(r, CodeDejaUtilise) for r in resultats) == COUREURS - 1, resultats
        assert Adhesion.objects.filter(personne=personne).count() == 1
        assert Mandat.objects.filter(demande=demande.reference).count() == 1


def test_un_code_faux_seize_fois_ne_passe_pas_cinq_essais(tours: Callable[[int], int]) -> None:
    for _ in range(tours(200)):
        espace, autre = EspaceFactory(), EspaceFactory()
        demande, etrangere = deposer(espace, PersonneFactory()), deposer(autre, PersonneFactory())
        code = deriver_code(demande=etrangere.pk, numero=1)
        resultats = en_parallele(COUREURS, lambda _: activer(acteur=espace, demande=demande, saisie=code))
        assert all(isinstance(r, RegleMetier) for r in resultats), resultats
        assert demande.courriers.get().essais == 5


def test_le_champ_code_recu_seize_fois(tours: Callable[[int], int]) -> None:
    """« Code reçu »: what is for none counts ten times and no more, on no letter; the right one opens once."""
    for _ in range(tours(100)):
        espace, autre = EspaceFactory(), EspaceFactory()
        demande, etrangere = deposer(espace, PersonneFactory()), deposer(autre, PersonneFactory())
        code = deriver_code(demande=demande.pk, numero=1)
        resultats = en_parallele(COUREURS, lambda _: activer_code_recu(acteur=espace, saisie=code))
        assert sum(isinstance(r, Activation) for r in resultats) == 1, resultats
        assert sum(isinstance(r, CodeDejaUtilise) for r in resultats) == COUREURS - 1, resultats
        faux = deriver_code(demande=etrangere.pk, numero=1)
        resultats = en_parallele(COUREURS, lambda _: activer_code_recu(acteur=espace, saisie=faux))
        assert sum(isinstance(r, CodeEtranger) for r in resultats) == 10, resultats
        assert sum(isinstance(r, TropDeCodesSansDemande) for r in resultats) == COUREURS - 10, resultats
        assert (demande.courriers.get().essais, etrangere.courriers.get().essais) == (0, 0)


def test_deux_demandes_ouvrent_le_meme_service(tours: Callable[[int], int], settings: Any) -> None:
    settings.PLAFOND_COURRIERS_SIREN_AUTRE = COUREURS  # the caps are not what is raced here
    for _ in range(tours(200)):
        personne = PersonneFactory()
        espaces = [EspaceFactory() for _ in range(COUREURS)]
        demandes = [deposer(espace, personne) for espace in espaces]
        codes = [deriver_code(demande=d.pk, numero=1) for d in demandes]
        resultats = en_parallele(COUREURS, lambda i: activer(acteur=espaces[i], demande=demandes[i], saisie=codes[i]))
        assert all(isinstance(r, Activation) for r in resultats), resultats
        assert sum(len(r.adhesions) for r in resultats) == 1
        assert Habilitation.objects.vivantes().filter(personne=personne, role="TITULAIRE").count() == 1


def test_la_meme_adresse_en_seize_casses(tours: Callable[[int], int]) -> None:
    for tour in range(tours(200)):
        adresse = f"jeanne.martin{tour}@cabinet-dupont.fr"

        def inscrire(rang: int, adresse: str = adresse) -> Espace | None:
            melange = "".join(c.upper() if (rang >> i % 4) & 1 else c for i, c in enumerate(adresse))
            return inscrire_expert(
                acteur=Visiteur(),
                inscription=Inscription(
                    email=melange,
                    mot_de_passe=MOT_DE_PASSE,
                    civilite="MADAME",
                    nom="Martin",
                    prenom="Jeanne",
                    telephone="0123456789",
                    siren_appartenance="552032534",
                    question_confiance="PHRASE",
                    reponse_confiance=REPONSE,
                ),
            )

        resultats = en_parallele(COUREURS, inscrire)
        assert all(r is None or isinstance(r, Espace) for r in resultats), resultats
        assert Compte.objects.filter(email__iexact=adresse).count() == 1
        assert Espace.objects.filter(compte__email__iexact=adresse).count() == 1
