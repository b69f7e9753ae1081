"""What a page of confirmation showed to go along with an act: compared by the act itself, under its locks (issue 9)."""

from collections.abc import Collection, Hashable, Iterable

from accounts.saisies.apercu import CHANGE
from accounts.saisies.regles import RegleMetier


class ApercuChange(RegleMetier):
    """What goes along is no longer what was shown: something was granted or withdrawn below, in between."""

    code = "apercu_change"
    message = CHANGE


class PlaceChangee(ApercuChange):
    """What the code would end is no longer what its page showed."""

    code = "place_changee"
    message = (
        "Les habilitations récentes qui prendraient fin ont changé : vérifiez la liste ci-dessous, puis saisissez de "
        "nouveau le code. Cet essai n’est pas compté."
    )


def exiger_montrees(
    montrees: Collection[Hashable] | None, suivent: Iterable[Hashable], regle: type[ApercuChange] = ApercuChange
) -> None:
    """Require that what goes along with an act is what its page showed; None where no page showed anything.

    The adhésions, or the espace of who would lose something, are locked by the caller: nothing more is granted meanwhile.
    Raises: `regle`.
    """
    if montrees is not None and set(montrees) != set(suivent):
        raise regle
