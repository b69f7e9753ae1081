"""The end of a line's time: whole months go, by the owner's role alone; their blocks stay, so that the chain still verifies."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from .. import actes
from ..models import BlocScelle, MoisAbandonne
from ..saisies.regles import RegleMetier
from ..traces.journal import consigner
from ..traces.sceau import FORME, sceller_texte
from ..traces.verification import ABANDON, texte_d_abandon


class MoisPasEchu(RegleMetier):
    code = "mois_pas_echu"
    message = "Ce mois du journal n’est pas au bout de sa durée de conservation : rien n’est effacé."


class RienAAbandonner(RegleMetier):
    code = "mois_deja_abandonne"
    message = "Aucun bloc du journal n’est entièrement de ce mois ou d’avant : il n’y a rien à effacer."


@transaction.atomic
def abandonner_mois(*, acteur: str, mois: date, essai: bool = False) -> MoisAbandonne:
    """Drop the lines of the blocks that are wholly of this month or older, once its time is over; return what went.

    The owner's role alone can: that of web and workers is refused by PostgreSQL. With `essai` nothing is written.
    Raises: MoisPasEchu, RienAAbandonner; django.db.ProgrammingError for another role.
    """
    fin = datetime(mois.year + mois.month // 12, mois.month % 12 + 1, 1, tzinfo=UTC)
    if fin > timezone.now() - settings.CONSERVATION_JOURNAL:
        raise MoisPasEchu
    dernier = MoisAbandonne.objects.order_by("-numero").first()
    premier_bloc = dernier.dernier_bloc + 1 if dernier else 1
    blocs = _blocs_echus(premier_bloc, fin)
    if not blocs:
        raise RienAAbandonner
    abandon = MoisAbandonne(
        numero=dernier.numero + 1 if dernier else 1,
        mois=mois.replace(day=1),
        premier_bloc=blocs[0],
        dernier_bloc=blocs[-1],
        lignes=_combien(blocs),
        fait_le=timezone.now(),
    )
    if essai:
        return abandon
    abandon.processus = _processus_a_cheval(blocs)
    abandon.sceau = sceller_texte(ABANDON, texte_d_abandon(abandon))
    with connection.cursor() as curseur:
        curseur.execute("SELECT set_config('espacepro.abandon', 'oui', true)")
        for numero in blocs:
            curseur.execute(
                "DELETE FROM accounts_evenement WHERE id IN"
                " (SELECT unnest(evenements) FROM accounts_blocscelle WHERE numero = %s)",
                [numero],
            )
        curseur.execute("SELECT set_config('espacepro.abandon', '', true)")
    abandon.save(force_insert=True)
    consigner(
        actes.JOURNAL_ABANDONNE,
        auteur=acteur,
        details={
            "mois": f"{mois:%Y-%m}",
            "premier_bloc": abandon.premier_bloc,
            "dernier_bloc": abandon.dernier_bloc,
            "nombre": abandon.lignes,
        },
    )
    return abandon


def _blocs_echus(premier: int, fin: datetime) -> list[int]:
    """Return the numbers of the blocks from `premier` on, as long as all their lines are before `fin`."""
    blocs = []
    with connection.cursor() as curseur:
        for bloc in BlocScelle.objects.filter(numero__gte=premier).order_by("numero").iterator(chunk_size=50):
            curseur.execute("SELECT max(quand) FROM accounts_evenement WHERE id = ANY(%s)", [bloc.evenements])
            (dernier,) = curseur.fetchone()
            if dernier is not None and dernier >= fin:
                break
            blocs.append(bloc.numero)
    return blocs


def _combien(blocs: Sequence[int]) -> int:
    with connection.cursor() as curseur:
        curseur.execute(
            "SELECT count(*) FROM accounts_evenement WHERE id IN (SELECT unnest(evenements) FROM accounts_blocscelle"
            " WHERE numero BETWEEN %s AND %s)",
            [blocs[0], blocs[-1]],
        )
        return int(curseur.fetchone()[0])


def _processus_a_cheval(blocs: Sequence[int]) -> dict[str, int]:
    """Return, for each process that also wrote lines that stay, how many of its lines go: those that stay follow them."""
    with connection.cursor() as curseur:
        curseur.execute(
            """WITH partent AS (SELECT unnest(evenements) AS id FROM accounts_blocscelle WHERE numero BETWEEN %(de)s AND %(a)s),
            lignes AS (SELECT split_part(sceau, '.', 2) AS processus, p.id IS NOT NULL AS part FROM accounts_evenement e
                LEFT JOIN partent p USING (id) WHERE sceau ~ %(forme)s)
            SELECT processus, count(*) FILTER (WHERE part) FROM lignes GROUP BY processus
            HAVING bool_or(part) AND NOT bool_and(part)""",
            {"de": blocs[0], "a": blocs[-1], "forme": FORME},
        )
        return dict(curseur.fetchall())
