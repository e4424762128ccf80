from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        from config import celery  # before a job is enqueued

        # By itself only a worker would look for them, and an action asks for a job by its name in every process.
        celery.app.autodiscover_tasks(related_name="jobs", force=True)
