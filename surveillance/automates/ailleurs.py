"""What the page of another site has a browser send here (R17): refused, and counted against nobody.

Such a page makes any browser post our forms, or ask for our pages by hundreds: counted, it would have a company's address blocked by
whoever has one of its employees open a link.
"""

from typing import Final

from django.conf import settings
from django.http import HttpRequest

SANS_AILLEURS: Final = frozenset({"", "same-origin", "none"})
"""What `Sec-Fetch-Site` says of a request that no other origin made (W3C Fetch Metadata §2.3): none, or the person himself."""


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
    if request.headers.get("Sec-Fetch-Site", "") in SANS_AILLEURS:
        return False
    mode, pour = request.headers.get("Sec-Fetch-Mode", ""), request.headers.get("Sec-Fetch-Dest", "")
    return (mode, pour) != ("navigate", "document")
