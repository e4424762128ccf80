from importlib import import_module

from django.db import migrations

from tenancy.lines import normalized_line
from tenancy.migrations import RunPerTenant

before = import_module('projects.migrations.0004_sort_labels')


def fill(apps, schema_editor):
    """Store names without hidden characters, and sort labels anew. Of two that are one name then, one gets a number."""
    before.fill(apps, schema_editor)
    statuses = apps.get_model('projects', 'Status').objects.using(schema_editor.connection.alias)
    names = set(statuses.values_list('project_id', 'name'))
    for status in statuses.order_by('pk'):
        name = normalized_line(status.name)
        if name != status.name:
            name = next(each for each in before.numbered(name) if (status.project_id, each) not in names)
            names.add((status.project_id, name))
            statuses.filter(pk=status.pk).update(name=name)


class Migration(migrations.Migration):

    dependencies = [
        ('projects', '0004_sort_labels'),
    ]

    operations = [
        RunPerTenant(fill, migrations.RunPython.noop),
    ]
