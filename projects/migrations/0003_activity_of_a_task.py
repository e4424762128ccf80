from django.db import migrations, models
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from tenancy.migrations import RunPerTenant


def fill(apps, schema_editor):
    activities = apps.get_model('projects', 'Activity').objects.using(schema_editor.connection.alias)
    parts = activities.filter(data__has_key='task')
    parts.update(task_id=Cast(KeyTextTransform('task', 'data'), models.UUIDField()))


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0008_invitations'),
        ('projects', '0002_activity_activity_newest'),
    ]

    operations = [
        migrations.AddField(
            model_name='activity',
            name='task_id',
            field=models.UUIDField(editable=False, null=True),
        ),
        RunPerTenant(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='activity',
            index=models.Index(condition=models.Q(('task_id__isnull', False)), fields=['account', 'task_id'], name='activity_task'),
        ),
    ]
