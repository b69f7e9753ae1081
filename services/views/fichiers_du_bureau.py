"""The files of what an agent answers, on pages of their own, at /gestion/ (issue 15, items 8 and 9)."""

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from accounts.saisies.regles import RegleMetier
from accounts.traces.agents_relus import FonctionChangee

from ..messagerie import bureau
from ..messagerie.bureau import EchangeHorsService
from ..messagerie.pieces.jointes import TAILLE_D_UN_ENVOI, joindre_du_bureau, oter
from ..messagerie.pieces.natures import EXTENSIONS
from ..messagerie.pieces.patience import Patience
from ..messagerie.pieces.regles import SANS_FICHIER
from ..messagerie.themes import theme_de
from ..models import Echange
from .echanges import SurUnEchange, pieces_de

OTER = "oter"
"""The name of the buttons that take a file off."""
REVENIR = "revenir"
"""The name of the button that joins what is chosen, then leads back to the text."""


class JoindreDesFichiers(SurUnEchange):
    """The files of the answer that one has begun, on a page of their own: what is too heavy or refused takes no text with it.

    It leads back to the act from which it was opened, and to no other; what is chosen there is joined first.
    """

    template_name = "gestion/fichiers.html"
    nom = "fichiers"
    titre = "Joindre des fichiers à la réponse"
    danger = False
    bouton = "Joindre les fichiers choisis"
    menee = True
    fichier_max = TAILLE_D_UN_ENVOI
    ecrire: ClassVar[str] = "repondre"
    revenir: ClassVar[str] = "Revenir à la réponse"

    @staticmethod
    def possible(objet: Echange) -> bool:
        return not theme_de(objet.theme).portail

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            "pieces": pieces_de(self.agent, self.objet),
            "extensions": ",".join(EXTENSIONS),
            "octets": self.fichier_max,
            "revenir": self.revenir,
        }

    def form_valid(self, form: Any) -> HttpResponse:
        """Join the files, each by itself, or take one off, and show the page again with what became of them."""
        choisis = self.request.FILES.getlist("fichiers")
        if OTER in self.request.POST:
            self._oter(self.request.POST[OTER])
        elif not choisis and REVENIR not in self.request.POST:
            messages.error(self.request, SANS_FICHIER)
        joints, patience = 0, Patience()
        for fichier in choisis:
            try:
                joindre_du_bureau(
                    acteur=self.agent,
                    echange=self.objet,
                    nom=fichier.name or "",
                    contenu=fichier.read(),
                    patience=patience,
                )
            except (EchangeHorsService, FonctionChangee) as regle:
                return self.montrer_le_refus(form, regle)
            except RegleMetier as regle:
                messages.error(self.request, str(regle))
            else:
                joints += 1
        if joints:
            dit = "1 fichier joint à votre réponse." if joints == 1 else f"{joints} fichiers joints à votre réponse."
            messages.success(self.request, dit)
        revient = REVENIR in self.request.POST and joints == len(choisis)
        return redirect(self.adresse(self.ecrire) if revient else self.request.path)

    def _oter(self, saisie: str) -> None:
        brouillon = bureau.brouillon_du_bureau(self.agent, self.objet)
        try:
            if brouillon is not None:
                oter(acteur=self.agent, brouillon=brouillon, piece=UUID(saisie))
        except ValueError:
            messages.error(self.request, "Ce fichier n’est plus joint à votre réponse.")
        except RegleMetier as regle:
            messages.error(self.request, str(regle))


class FichiersDeLaDemande(JoindreDesFichiers):
    """The files of a request for a document."""

    nom = "piece-fichiers"
    titre = "Joindre des fichiers à la demande de pièce"
    ecrire, revenir = "piece", "Revenir à la demande de pièce"
