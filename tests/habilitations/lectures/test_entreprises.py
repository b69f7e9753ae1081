"""« Vos entreprises »: searched by any part, by company or by service, favourites first (issue 13.2)."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Espace, Evenement, TraceLecture
from habilitations.arbre.recentes import OBJET
from habilitations.lectures.entreprises import (
    PAR_SERVICE,
    EntrepriseTenue,
    FiltresEntreprises,
    dernieres_ouvertures,
    entreprises,
    nombre_d_autres,
    ouvertes_recemment,
    vos_entreprises,
)
from habilitations.models import Habilitation, Preference, Role
from habilitations.partage.preferences import PasDansVosEntreprises, changer_favori
from habilitations.registre.reunion import transferer_les_droits
from services.models import PersonneSirenisee, Service
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter

pytestmark = pytest.mark.django_db


def noms(espace: Espace, **donnees: str) -> list[str]:
    vues = vos_entreprises(entreprises(espace), FiltresEntreprises.depuis(donnees))
    return [tenue.personne.denomination for tenue in vues.page]


def tenue(espace: Espace, personne: PersonneSirenisee) -> EntrepriseTenue:
    (trouvee,) = [une for une in entreprises(espace) if une.personne == personne]
    return trouvee


@pytest.mark.parametrize(
    "cherche",
    [
        "lebœuf",
        "LEBOEUF",
        "boeuf chau",
        "Chauffage",
        "uffag",
        "552032534",
        "552 032 534",
        "55203253400604",
        "552 0",
        "2534",
    ],
)
def test_une_entreprise_se_trouve_par_toute_partie(espace: Espace, cherche: str) -> None:
    service = ServiceFactory()
    habiliter(espace, personne=PersonneFactory(denomination="CHAUFFAGE LEBŒUF", siren="552032534"), service=service)
    habiliter(espace, personne=PersonneFactory(denomination="ÉLECTRICITÉ MARTINEZ"), service=service)
    assert noms(espace, q=cherche) == ["CHAUFFAGE LEBŒUF"]


@pytest.mark.parametrize("cherche", ["leboeuf martinez", "%", "zzz", "99"])
def test_ce_qui_n_est_nulle_part_ne_trouve_rien(espace: Espace, cherche: str) -> None:
    habiliter(espace, personne=PersonneFactory(denomination="CHAUFFAGE LEBŒUF", siren="552032534"))
    assert noms(espace, q=cherche) == []


def test_par_service_celles_ou_il_est_tenu_aujourd_hui(espace: Espace) -> None:
    tva, cfe = ServiceFactory(code="TVA", ordre=1), ServiceFactory(code="CFE", ordre=2)
    une, deux, trois = (PersonneFactory(denomination=nom) for nom in ("UNE", "DEUX", "TROIS"))
    habiliter(espace, personne=une, service=tva)
    habiliter(espace, personne=une, service=cfe)
    habiliter(espace, personne=deux, service=cfe)
    hier = timezone.localdate() - timedelta(days=1)
    accorder(habiliter(EspaceFactory(), personne=trois, service=tva), espace, Role.ACTEUR, expire_le=hier)
    vues = vos_entreprises(entreprises(espace), FiltresEntreprises(vue=PAR_SERVICE))
    assert vues.filtres.service == "TVA", "the first of the catalogue"
    assert [une.personne.denomination for une in vues.page] == ["UNE"]
    assert [(t.service.code, t.nombre) for _, services in vues.menu for t in services] == [("TVA", 1), ("CFE", 2)]
    assert noms(espace, vue="service", service="CFE") == ["DEUX", "UNE"]
    assert noms(espace, vue="service", service="INCONNU") == ["UNE"]
    assert noms(espace, service="CFE") == ["DEUX", "UNE"]


def test_les_roles_differents_sont_comptes(espace: Espace) -> None:
    personne = PersonneFactory()
    for code in ("A", "B"):
        habiliter(espace, personne=personne, service=ServiceFactory(code=code))
    accorder(habiliter(EspaceFactory(), personne=personne, service=ServiceFactory(code="C")), espace, Role.ACTEUR)
    assert tenue(espace, personne).dire_roles == "Titulaire (2), acteur (1)"
    assert noms(espace, role=Role.ACTEUR) == [personne.denomination]
    assert noms(espace, role=Role.SUPPLEANT) == []


def test_en_veille_ou_attendue_elle_reste_dans_la_liste(espace: Espace) -> None:
    suspendue, attendue = PersonneFactory(), PersonneFactory()
    accorder(
        habiliter(EspaceFactory(), personne=suspendue), espace, Role.SUPPLEANT,
        etat="EN_VEILLE", veille_motif="TITULAIRE", veille_depuis=timezone.now(),
    )  # fmt: skip
    dites = {une.personne: une.dire_roles for une in entreprises(espace, [attendue.pk])}
    assert dites == {suspendue: "En veille", attendue: "Demande en cours"}


def test_les_favorites_d_abord(espace: Espace) -> None:
    personnes = [habiliter(espace, personne=PersonneFactory(denomination=nom)).personne for nom in "ABC"]
    changer_favori(acteur=espace, siren=personnes[2].siren, favori=True)
    assert noms(espace) == ["C", "A", "B"]
    journal = Evenement.objects.filter(acte="preferences.changees")
    assert [ligne.details for ligne in journal] == [{"champs": ["favoris"]}]
    changer_favori(acteur=espace, siren=personnes[2].siren, favori=True)
    assert journal.count() == 1, "nothing changed, nothing is written"
    changer_favori(acteur=espace, siren=personnes[2].siren, favori=False)
    assert noms(espace) == ["A", "B", "C"]
    with pytest.raises(PasDansVosEntreprises):
        changer_favori(acteur=espace, siren=PersonneFactory().siren, favori=True)


def test_les_dernieres_ouvertes(espace: Espace) -> None:
    tenues = [habiliter(espace, service=ServiceFactory(code="TVA")) for _ in range(6)]
    maintenant = timezone.now().replace(second=0, microsecond=0)
    for rang, habilitation in enumerate(tenues):
        TraceLecture.objects.create(
            lecteur=espace.numero_abonne, objet=OBJET, nature="CONSULTATION", cle=str(habilitation.pk),
            minute=maintenant - timedelta(minutes=rang), details={"siren": habilitation.personne.siren},
        )  # fmt: skip
    lues = entreprises(espace)
    assert [une.personne for une in ouvertes_recemment(espace, lues)] == [h.personne for h in tenues[:4]]
    assert ouvertes_recemment(EspaceFactory(), lues) == []
    service = Service.objects.get(code="TVA")
    quand = dernieres_ouvertures(espace, service, [tenues[1].personne_id, tenues[2].personne_id])
    assert quand == {tenues[rang].personne_id: maintenant - timedelta(minutes=rang) for rang in (1, 2)}


def test_qui_d_autre_a_acces_n_est_dit_qu_a_qui_administre(espace: Espace) -> None:
    racine = habiliter(espace)
    acteur = accorder(racine, EspaceFactory(), Role.ACTEUR)
    accorder(racine, EspaceFactory(), Role.ACTEUR)
    assert nombre_d_autres(espace, racine.personne) == 2
    assert nombre_d_autres(acteur.espace, racine.personne) == 0


def test_deux_requetes_quel_que_soit_le_nombre(espace: Espace, django_assert_num_queries: Any) -> None:
    for rang in range(12):
        for code in ("A", "B"):
            habiliter(espace, personne=PersonneFactory(denomination=f"N{rang}"), service=ServiceFactory(code=code))
        if rang in {0, 11}:
            with django_assert_num_queries(2):
                assert len(entreprises(espace)) >= rang


def test_les_filtres_tiennent_dans_l_adresse() -> None:
    adresse = {"q": "bœuf", "role": "ACTEUR", "service": "TVA", "attente": "oui", "page": "2"}
    assert FiltresEntreprises.depuis(adresse).parametres == adresse
    assert FiltresEntreprises.depuis({"role": "X", "vue": "Y", "page": "-1", "attente": "1"}).parametres == {}


def test_un_favori_suit_son_idsp(espace: Espace) -> None:
    provisoire = PersonneFactory(siren="10AB00001", provisoire=True)
    habiliter(espace, personne=provisoire)
    changer_favori(acteur=espace, siren=provisoire.siren, favori=True)
    definitive = PersonneFactory()
    transferer_les_droits(provisoire, definitive, timezone.now())
    assert Preference.objects.get(espace=espace).favoris == [definitive.siren]
    assert Habilitation.objects.get(espace=espace).personne == definitive
