from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        from config.celery import app  # before anybody asks for a job

        # Now, and not only in workers: whoever asks for a job calls it by a name that has to be known.
        app.autodiscover_tasks(related_name="jobs", force=True)
