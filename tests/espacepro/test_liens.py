"""What the portal writes in a mailbox leads to its own pages, and nowhere else (R8)."""

import uuid

import pytest
from django.conf import settings
from django.urls import reverse

from espacepro.templatetags.liens import avec_ses_liens


def test_une_ligne_qui_est_une_page_nommee_est_un_lien() -> None:
    page = reverse("code_recu", args=[uuid.UUID(int=1)])
    texte = f"Bonjour <b>,\n\n{settings.SITE_URL}{page}\n\n{settings.SITE_URL}{reverse('signaler')}?reference=D-1-K&x=2"
    rendu = avec_ses_liens(texte)
    assert f'<a class="fr-link" href="{page}">Lire le code de cette demande</a>' in rendu
    assert f'href="{reverse("signaler")}?reference=D-1-K&amp;x=2">Je ne reconnais pas cette demande</a>' in rendu
    assert "Bonjour &lt;b&gt;," in rendu


@pytest.mark.parametrize(
    "ligne",
    [
        "https://ailleurs.example/signaler/",
        "voyez {site}/signaler/ sans attendre",
        "{site}/nulle-part/",
        "{site}.ailleurs.example/signaler/",
        "{site}/espace/",
        "javascript:alert(1)",
    ],
)
def test_rien_d_autre_n_est_un_lien(ligne: str) -> None:
    assert "<a" not in avec_ses_liens(ligne.format(site=settings.SITE_URL))
