"""The people of the demonstration: fictional, at addresses that RFC 2606 reserves, with passwords known to everybody.

Their passwords stand here in clear on purpose: `charger_demonstration` refuses to run outside demonstration.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class CompteDemonstration:
    """One person to sign in as; `role` says in French what they can do."""

    email: str
    mot_de_passe: str
    prenom: str
    nom: str
    civilite: str
    role: str
    reponse_confiance: str = ""
    a_voir: tuple[str, ...] = ()
    """Three things to look at, a line each."""

    @property
    def cle(self) -> str:
        """What names this person in an address of the demonstration."""
        return self.email.partition("@")[0].replace(".", "-")


DIRIGEANTE = CompteDemonstration(
    email="claire.fontaine@example.org",
    mot_de_passe="girafe-violette-sur-le-quai",
    prenom="Claire",
    nom="Fontaine",
    civilite="MADAME",
    role="Dirigeante : titulaire de services de DANONE",
    reponse_confiance="le phare de granit sous la neige",
    a_voir=(
        "Ses services s’ouvrent d’emblée : une seule entreprise",
        "Qui a accès, et le journal de l’entreprise",
        "Ce que sait faire un titulaire : désigner, déléguer, retirer",
    ),
)
COMPTABLE = CompteDemonstration(
    email="samir.benali@example.org",
    mot_de_passe="tournesol-et-vent-de-mars",
    prenom="Samir",
    nom="Benali",
    civilite="MONSIEUR",
    role="Expert-comptable : espace neuf, une demande d’adhésion pour AIRBUS attend son code",
    reponse_confiance="quatre barques rouges au matin",
    a_voir=(
        "Le champ du code, sur l’accueil",
        "Sa lettre, dans « Courriers arrivés par la poste »",
        "Les services qui s’ouvrent avec le code",
    ),
)
NOUVELLE = CompteDemonstration(
    email="lea.martin@example.org",
    mot_de_passe="cerises-noires-du-verger-ancien",
    prenom="Léa",
    nom="Martin",
    civilite="MADAME",
    role="Espace vide : pour parcourir soi-même l’adhésion, le courrier et le code",
    reponse_confiance="un accordéon dans la gare de Nice",
    a_voir=(
        "Un accueil où rien n’attend encore",
        "Adhérer pour une entreprise de l’extrait, jusqu’à la lettre",
        "Demander à remplacer un titulaire",
    ),
)
GESTIONNAIRE = CompteDemonstration(
    email="agent.gestionnaire@example.org",
    mot_de_passe="parapluie-jaune-au-guichet",
    prenom="Denis",
    nom="Moreau",
    civilite="MONSIEUR",
    role="Agent d’un service gestionnaire",
    a_voir=(
        "Les files de son service, un message à traiter, et la recherche d’une entreprise",
        "La lettre revenue de l’association",
        "Ce que voit un agent, et ce qui en laisse une trace",
    ),
)
SURVEILLANCE = CompteDemonstration(
    email="agent.surveillance@example.org",
    mot_de_passe="lanterne-bleue-du-belvedere",
    prenom="Agnès",
    nom="Royer",
    civilite="MADAME",
    role="Cellule de surveillance",
    a_voir=(
        "Les connexions et leurs signaux",
        "Ce qu’une alerte propose de faire",
        "Les adresses bloquées",
    ),
)
PASCAL = CompteDemonstration(
    email="pascal.roussel@example.org",
    mot_de_passe="charpente-claire-au-bord-du-lac",
    prenom="Pascal",
    nom="Roussel",
    civilite="MONSIEUR",
    role="Chef d’entreprise, un SIREN : ROUSSEL CHARPENTES",
    reponse_confiance="le chêne fendu de la clairière",
    a_voir=(
        "Ses services, ouverts depuis un an",
        "Une habilitation demandée par Hugo, à accorder ou à refuser",
        "Le journal d’une année",
    ),
)
KARINE = CompteDemonstration(
    email="karine.vidal@example.org",
    mot_de_passe="boussole-orange-sous-les-arcades",
    prenom="Karine",
    nom="Vidal",
    civilite="MADAME",
    role="Experte-comptable, à la tête du cabinet : 96 SIREN",
    reponse_confiance="trois citrons dans un panier bleu",
    a_voir=(
        "À faire, puis ses 96 entreprises, à filtrer et à chercher",
        "GARAGE DU PONT NEUF, dont la reprise attend son code ; BOULANGERIE DU PONT NEUF, déjà reprise",
        "Des délégations à revoir ; dans la messagerie, une réponse à lire et une pièce demandée",
    ),
)
INES = CompteDemonstration(
    email="ines.colin@example.org",
    mot_de_passe="fougere-et-lune-de-septembre",
    prenom="Inès",
    nom="Colin",
    civilite="MADAME",
    role="Collaboratrice du cabinet, administratrice suppléante de 41 entreprises",
    reponse_confiance="la cloche fêlée du hameau",
    a_voir=(
        "Déléguer, sans pouvoir désigner de suppléant",
        "Ce qu’elle a elle-même délégué",
        "Les services de ses 41 entreprises, par service",
    ),
)
HUGO = CompteDemonstration(
    email="hugo.marchal@example.org",
    mot_de_passe="cerf-volant-gris-dans-la-brume",
    prenom="Hugo",
    nom="Marchal",
    civilite="MONSIEUR",
    role="Collaborateur du cabinet, acteur pour 12 entreprises",
    reponse_confiance="une échelle contre le poirier",
    a_voir=(
        "Ce qu’un acteur ne voit pas",
        "Trois délégations qui finissent cette semaine",
        "« Vos habilitations » : celles en veille, et pourquoi",
    ),
)
MARC = CompteDemonstration(
    email="marc.lenoir@example.org",
    mot_de_passe="pont-suspendu-avant-la-pluie",
    prenom="Marc",
    nom="Lenoir",
    civilite="MONSIEUR",
    role="A quitté le cabinet : ancien titulaire, bientôt remplacé",
    reponse_confiance="le vélo rouge sans sonnette",
    a_voir=(
        "Une demande de le remplacer, et son délai",
        "Ce qu’il a perdu, dans son journal",
        "Supprimer son espace, et ce qui s’y oppose",
    ),
)
ODILE = CompteDemonstration(
    email="odile.garnier@example.org",
    mot_de_passe="fontaine-de-pierre-et-platanes",
    prenom="Odile",
    nom="Garnier",
    civilite="MADAME",
    role="Maire, ordonnatrice de SAINT-EXEMPLE-SUR-DEMO",
    reponse_confiance="le vitrail de la petite chapelle",
    a_voir=(
        "Déclarer et demander, sans pouvoir payer",
        "Deux titulaires pour un même SIREN",
        "L’évaluation domaniale",
    ),
)
YVES = CompteDemonstration(
    email="yves.tanguy@example.org",
    mot_de_passe="phare-blanc-sur-la-jetee-nord",
    prenom="Yves",
    nom="Tanguy",
    civilite="MONSIEUR",
    role="Comptable public de SAINT-EXEMPLE-SUR-DEMO",
    reponse_confiance="deux goélands sur le môle",
    a_voir=(
        "Payer, sans pouvoir déclarer",
        "Les comptes bancaires de la commune : accepté, refusé, suspendu, mandat à remettre",
        "Le journal de la commune",
    ),
)
NORA = CompteDemonstration(
    email="nora.haddad@example.org",
    mot_de_passe="jardin-partage-derriere-la-halle",
    prenom="Nora",
    nom="Haddad",
    civilite="MADAME",
    role="Présidente d’association, espace simplifié",
    reponse_confiance="un banc sous la glycine mauve",
    a_voir=(
        "Le bouquet entier, sans partage",
        "Une lettre revenue, et ce qu’on en fait",
        "Passer en espace expert",
    ),
)
CHEFFE = CompteDemonstration(
    email="agent.cheffe@example.org",
    mot_de_passe="ardoise-verte-sous-le-preau",
    prenom="Jeanne",
    nom="Petit",
    civilite="MADAME",
    role="Cheffe du même service",
    a_voir=(
        "Les files de son service : ce qui attend, ce qui est en retard",
        "Qui a pris quoi, et le modèle de réponse de son service",
        "La lettre revenue de l’association",
    ),
)
USAGERS = (DIRIGEANTE, COMPTABLE, NOUVELLE)
MONDE = (PASCAL, KARINE, INES, HUGO, MARC, ODILE, YVES, NORA)
AGENTS = (GESTIONNAIRE, CHEFFE, SURVEILLANCE)
COMPTES = (*MONDE, *USAGERS, *AGENTS)
