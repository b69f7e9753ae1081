"""Why a file is not taken: one rule for each reason, whose message says what to do instead."""

from typing import Final

from accounts.compteurs.refus import PlafondAtteint
from accounts.saisies.regles import RegleMetier

SANS_FICHIER: Final = "Choisissez d’abord un fichier, puis joignez-le."
"""What the pages of both sides say of a press without a file."""


class FichierRefuse(RegleMetier):
    """What all refusals of one file have in common: `nom` is the name of the file, as it is shown."""

    code = "fichier_refuse"
    message = "« {nom} » ne peut pas être joint."


class PieceVide(FichierRefuse):
    code = "piece_vide"
    message = "« {nom} » est vide : son envoi s’est peut-être interrompu. Ouvrez-le pour le vérifier, puis joignez-le de nouveau."


class PieceTropLourde(FichierRefuse):
    code = "piece_trop_lourde"
    message = "« {nom} » dépasse 10 Mo. Réduisez-le (une photo moins grande, un PDF par partie) ou envoyez-le en plusieurs fois."


class PieceDeGenreInconnu(FichierRefuse):
    code = "piece_genre_inconnu"
    message = (
        "« {nom} » n’est pas d’un genre accepté. Sont acceptés : PDF, photos (JPEG, PNG, WebP, HEIC), documents Word, Excel, "
        "PowerPoint et LibreOffice récents, CSV et texte simple."
    )


class PieceExtension(FichierRefuse):
    code = "piece_extension"
    message = (
        "Le nom « {nom} » ne correspond pas à son contenu, qui est {contenu}. Renommez-le avec la fin « .{extension} », ou "
        "vérifiez que c’est bien le fichier que vous voulez joindre."
    )


class PieceArchive(FichierRefuse):
    code = "piece_archive"
    message = "« {nom} » est une archive, qui n’est pas acceptée. Joignez un par un les fichiers qu’elle contient."


class PieceExecutable(FichierRefuse):
    code = "piece_executable"
    message = "« {nom} » est un programme : aucun programme n’est accepté."


class PieceProgrammeDedans(FichierRefuse):
    code = "piece_programme_dedans"
    message = "« {nom} » contient un programme, qui n’est pas accepté. Enregistrez le document sans ce fichier, puis joignez-le."


class PieceMacros(FichierRefuse):
    code = "piece_macros"
    message = "« {nom} » contient des macros ou un élément actif. Enregistrez-le en PDF, ou dans un format sans macros."


class PieceProtegee(FichierRefuse):
    code = "piece_protegee"
    message = (
        "« {nom} » est protégé ou chiffré : il ne pourrait pas être contrôlé. Enregistrez-en une copie sans protection "
        "(« Imprimer », puis « Enregistrer au format PDF »), puis joignez-la."
    )


class PieceAncienFormat(FichierRefuse):
    code = "piece_ancien_format"
    message = (
        "« {nom} » est dans un ancien format de bureautique (.doc, .xls, .ppt). Enregistrez-le en .docx, .xlsx, .pptx ou en "
        "PDF, puis joignez-le."
    )


class PiecePageWeb(FichierRefuse):
    code = "piece_page_web"
    message = "« {nom} » est une page web, quel que soit son nom. Ouvrez-la puis enregistrez-la en PDF."


class PieceDouble(FichierRefuse):
    code = "piece_double"
    message = (
        "« {nom} » cache un second fichier ou ne commence pas comme il le devrait. Ouvrez-le, enregistrez-le de nouveau en "
        "PDF, puis joignez la copie."
    )


class PieceAbimee(FichierRefuse):
    code = "piece_abimee"
    message = "« {nom} » est abîmé ou incomplet. Ouvrez-le pour le vérifier, enregistrez-le de nouveau, puis joignez la copie."


class PieceDemesuree(FichierRefuse):
    code = "piece_demesuree"
    message = (
        "« {nom} » est démesuré une fois ouvert ou décompressé. Joignez un document plus petit, ou une image de moins de "
        "100 millions de points."
    )


class PieceNonExaminee(FichierRefuse):
    code = "piece_non_examinee"
    message = (
        "« {nom} » n’a pas été examiné jusqu’au bout : les fichiers choisis avec lui ont pris tout le temps d’un envoi. "
        "Joignez-le de nouveau, seul."
    )


class PieceImageAnimee(FichierRefuse):
    code = "piece_image_animee"
    message = "« {nom} » est une image animée. Joignez une image fixe ou une capture d’écran."


class PiecesTropNombreuses(PlafondAtteint):
    code = "pieces_trop_nombreuses"
    plafond = "fichiers d’un message"
    message = "Un message porte {limite} fichiers au plus : « {nom} » n’a pas été joint. Envoyez la suite dans un autre message."


class PiecesTropLourdes(PlafondAtteint):
    code = "pieces_trop_lourdes"
    plafond = "taille des fichiers d’un message"
    message = "Les fichiers d’un message comptent 25 Mo au plus : « {nom} » n’a pas été joint. Envoyez-le dans un autre message."


class PieceIndisponible(RegleMetier):
    code = "piece_indisponible"
    statut = 503
    message = "Ce fichier ne peut pas être ouvert pour le moment. Réessayez dans quelques minutes."


class PieceNonServie(RegleMetier):
    code = "piece_non_servie"
    statut = 409
    message = "« {nom} » n’est pas encore contrôlé : il pourra être téléchargé dès que ce sera fait."


class PieceEcartee(RegleMetier):
    code = "piece_ecartee"
    statut = 409
    message = "« {nom} » a été écarté par le contrôle antivirus : il ne peut pas être téléchargé."


class BrouillonEfface(RegleMetier):
    code = "brouillon_efface"
    message = "Ce brouillon n’existe plus : il a été envoyé ou effacé. Rouvrez la page pour écrire de nouveau."
