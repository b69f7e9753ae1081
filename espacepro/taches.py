"""Beat's table: what runs when. Every job may run twice, late, or die half-way (design.md §6).

None has a fixed batch: each works until nothing is left or its time is over (accounts/envois/budget.py), and goes on at its next run.
Those of the night run several times for that reason. Mails have their own queue, the scan of attachments too: a relay, or an antivirus, that hangs holds up what waits for it, nothing else.
"""

from datetime import timedelta
from typing import Any

from celery.schedules import crontab


def _toutes_les(periode: timedelta, tache: str) -> dict[str, Any]:
    """A frequent sweep; a run that could not start before the next one is due is dropped."""
    return {"task": tache, "schedule": periode, "options": {"expires": periode.total_seconds()}}


COURRIELS = "courriels"
"""The queue of the mails."""
ANALYSES = "analyses"
"""The queue of the scan of attachments; all the rest goes to Celery's own."""
ROUTES = {
    "accounts.envoyer_courriel": {"queue": COURRIELS},
    "accounts.envoyer_courriels": {"queue": COURRIELS},
    "services.analyser_piece": {"queue": ANALYSES},
    "services.analyser_pieces": {"queue": ANALYSES},
}

CALENDRIER: dict[str, dict[str, Any]] = {
    "envoyer_courriels": _toutes_les(timedelta(seconds=10), "accounts.envoyer_courriels"),
    "editer_courriers": _toutes_les(timedelta(seconds=10), "activation.editer_courriers"),
    "fabriquer_exports": _toutes_les(timedelta(seconds=10), "habilitations.fabriquer_exports"),
    "traiter_oublis": _toutes_les(timedelta(seconds=10), "accounts.traiter_oublis"),
    "rappeler_mots_de_passe": {"task": "accounts.rappeler_mots_de_passe", "schedule": crontab(minute="47")},
    "exiger_renouvellement": {"task": "accounts.exiger_renouvellement", "schedule": crontab(minute="53")},
    "annoncer_conditions": {"task": "accounts.annoncer_conditions", "schedule": crontab(minute="*/10")},
    "annoncer_politique": {"task": "accounts.annoncer_politique", "schedule": crontab(minute="*/10")},
    "purger": {"task": "accounts.purger", "schedule": crontab(hour="1-5", minute="17")},
    "signaler_espaces_dormants": {
        "task": "accounts.signaler_espaces_dormants",
        "schedule": crontab(hour="6-8", minute="37"),
    },
    "sceller_journal": _toutes_les(timedelta(minutes=1), "accounts.sceller_journal"),
    "attester_journal": {"task": "accounts.attester_journal", "schedule": crontab(hour="4-6", minute="37")},
    "effacer_sessions_perimees": {"task": "accounts.effacer_sessions_perimees", "schedule": crontab(minute="41")},
    "balayer_signaux": _toutes_les(timedelta(minutes=1), "surveillance.balayer"),
    "creer_partitions": {"task": "surveillance.creer_partitions", "schedule": crontab(hour="3", minute="11")},
    "abandonner_partitions": {"task": "surveillance.abandonner_partitions", "schedule": crontab(hour="3", minute="19")},
    "expirer_demandes": {"task": "activation.expirer_demandes", "schedule": crontab(minute="7")},
    "avancer_courriers": {"task": "activation.avancer_courriers", "schedule": crontab(minute="5-59/10")},
    "ecarter_devancees": {"task": "activation.ecarter_devancees", "schedule": crontab(minute="*/10")},
    "effacer_creations_perimees": {"task": "activation.effacer_creations_perimees", "schedule": crontab(minute="29")},
    "examiner_signalements": {"task": "activation.examiner_signalements", "schedule": crontab(minute="*/10")},
    "remonter_contreseings": {"task": "accounts.remonter_contreseings", "schedule": crontab(minute="*/10")},
    "reprendre_codes": {"task": "activation.reprendre_codes", "schedule": crontab(minute="*/10")},
    "rappeler_codes": {"task": "activation.rappeler_codes", "schedule": crontab(minute="*/10")},
    "effacer_inscriptions_perimees": {
        "task": "accounts.effacer_inscriptions_perimees",
        "schedule": crontab(minute="23"),
    },
    "expirer_habilitations": {
        "task": "habilitations.expirer_habilitations",
        "schedule": crontab(hour="0-4", minute="11"),
    },
    "ecarter_non_confirmees": {"task": "habilitations.ecarter_non_confirmees", "schedule": crontab(minute="13")},
    "ecrire_les_avis": _toutes_les(timedelta(seconds=10), "services.ecrire_les_avis"),
    "analyser_pieces": _toutes_les(timedelta(seconds=10), "services.analyser_pieces"),
    "balayer_pieces": {"task": "services.balayer_pieces", "schedule": crontab(hour="2-4", minute="57")},
    "suivre_registre": {"task": "services.suivre_registre", "schedule": crontab(minute="*/10")},
    "constater_adresses": {"task": "services.constater_adresses", "schedule": crontab(minute="37")},
    "rappeler_echeances": {
        "task": "habilitations.rappeler_echeances",
        "schedule": crontab(hour="6-8", minute="23"),
    },
    "annoncer_services_retires": {
        "task": "habilitations.annoncer_services_retires",
        "schedule": crontab(minute="*/10"),
    },
    "fermer_services_retires": {"task": "habilitations.fermer_services_retires", "schedule": crontab(minute="33")},
    "annoncer_demandes_habilitation": _toutes_les(timedelta(minutes=1), "habilitations.annoncer_demandes_habilitation"),
    "rappeler_demandes_habilitation": {
        "task": "habilitations.rappeler_demandes_habilitation",
        "schedule": crontab(hour="7-9", minute="43"),
    },
    "eteindre_demandes_habilitation": {
        "task": "habilitations.eteindre_demandes_habilitation",
        "schedule": crontab(minute="49"),
    },
    "suivre_cessations": {"task": "habilitations.suivre_cessations", "schedule": crontab(minute="19")},
    "resumer_accords": {"task": "habilitations.resumer_accords", "schedule": crontab(hour="6-8", minute="3")},
    "revoir_delegations": {"task": "habilitations.revoir_delegations", "schedule": crontab(hour="5-8", minute="31")},
}
