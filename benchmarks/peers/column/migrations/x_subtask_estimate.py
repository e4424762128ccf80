import os

from django.db import migrations, models

from benchmarks.peers.column import last_of


class Migration(migrations.Migration):
    dependencies = [("tasks", last_of(os.environ["COLUMN_MIGRATIONS"]))]

    operations = [migrations.AddField("subtask", "estimate", models.PositiveIntegerField(null=True))]
