"""Working days: weekends, the eleven public holidays, the hour kept across a change of time."""

from datetime import UTC, date, datetime

import pytest
from django.utils import timezone

from accounts.saisies.jours_ouvres import apres_jours_ouvres, est_ouvre, jours_feries, paques


@pytest.mark.parametrize(
    ("annee", "dimanche"),
    [
        (2000, date(2000, 4, 23)),
        (2008, date(2008, 3, 23)),
        (2011, date(2011, 4, 24)),
        (2019, date(2019, 4, 21)),
        (2024, date(2024, 3, 31)),
        (2026, date(2026, 4, 5)),
        (2027, date(2027, 3, 28)),
        (2038, date(2038, 4, 25)),
        (2285, date(2285, 3, 22)),
    ],
)
def test_paques(annee: int, dimanche: date) -> None:
    assert paques(annee) == dimanche


def test_les_onze_jours_feries_de_2027() -> None:
    assert sorted(jours_feries(2027)) == [
        date(2027, 1, 1),
        date(2027, 3, 29),
        date(2027, 5, 1),
        date(2027, 5, 6),
        date(2027, 5, 8),
        date(2027, 5, 17),
        date(2027, 7, 14),
        date(2027, 8, 15),
        date(2027, 11, 1),
        date(2027, 11, 11),
        date(2027, 12, 25),
    ]
    assert len(jours_feries(2008)) == 10, "in 2008 Ascension fell on the 1st of May"


@pytest.mark.parametrize(
    ("depart", "cinquieme"),
    [
        (date(2026, 11, 23), date(2026, 11, 30)),  # a plain Monday
        (date(2026, 11, 28), date(2026, 12, 4)),  # a Saturday: the count begins on Monday
        (date(2026, 12, 24), date(2027, 1, 4)),  # Christmas, two weekends, New Year
        (date(2027, 5, 4), date(2027, 5, 12)),  # Ascension; the 8th of May is a Saturday
        (date(2027, 5, 14), date(2027, 5, 24)),  # lundi de Pentecôte
        (date(2026, 11, 6), date(2026, 11, 16)),  # the 11th
    ],
)
def test_cinq_jours_ouvres(depart: date, cinquieme: date) -> None:
    instant = timezone.make_aware(datetime.combine(depart, datetime.min.time().replace(hour=14, minute=30)))
    fin = timezone.localtime(apres_jours_ouvres(instant, 5))
    assert (fin.date(), fin.hour, fin.minute) == (cinquieme, 14, 30)
    assert est_ouvre(fin.date())


def test_le_jour_est_celui_de_paris_et_l_heure_survit_au_changement_d_heure() -> None:
    tard = datetime(2027, 3, 25, 23, 30, tzinfo=UTC)  # already Friday the 26th in Paris, two days before summer time
    fin = timezone.localtime(apres_jours_ouvres(tard, 1))
    assert (fin.date(), fin.hour, fin.minute) == (date(2027, 3, 30), 0, 30), "Easter Monday is passed over"


def test_aucun_jour() -> None:
    samedi = timezone.make_aware(datetime(2026, 11, 28, 9))
    assert apres_jours_ouvres(samedi, 0) == samedi
