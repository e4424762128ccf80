from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        from config import celery  # before a job is enqueued

        # Celery loads them in workers only, and every process enqueues jobs by name.
        celery.app.autodiscover_tasks(related_name="jobs", force=True)
