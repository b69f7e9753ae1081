"""What the page of another site has a browser send here (R17): refused, or shown and counted apart from whoever opened that page.

Such a page makes any browser post our forms, or ask for our pages by hundreds: counted, it would have a company's address blocked by
whoever has one of its employees open a link.
"""

from django.conf import settings
from django.http import HttpRequest

from accounts.traces.requete import faite_par_une_autre_origine


def vient_d_un_autre_site(request: HttpRequest) -> bool:
    """Whether another origin made this request, and is no person who follows a link here: none is of any use to the portal.

    A form whose `Origin` is not ours is what CSRF refuses; a program that writes these headers is refused as well.
    """
    if request.method == "POST":
        origine = request.headers.get("Origin")
        return origine is not None and origine not in {
            f"{request.scheme}://{request.get_host()}",
            *settings.CSRF_TRUSTED_ORIGINS,
        }
    if not faite_par_une_autre_origine(request):
        return False
    mode, pour = request.headers.get("Sec-Fetch-Mode", ""), request.headers.get("Sec-Fetch-Dest", "")
    return (mode, pour) != ("navigate", "document")


def est_une_navigation_d_ailleurs(request: HttpRequest) -> bool:
    """Whether another origin leads the browser to this page: a link that its holder follows (a webmail's), or a page that opens ours by hundreds.

    Nothing tells the two apart, and a program may write the header: what is so asked counts in no pace and no burst of who opened it, but
    under a key of its own (`automates.grades`), and is served so many times a day (`AILLEURS_PAR_JOUR`).
    """
    return request.method in {"GET", "HEAD"} and faite_par_une_autre_origine(request)
