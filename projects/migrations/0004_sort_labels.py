from django.db import migrations, models

from tenancy.folding import normalized, sort_key
from tenancy.lines import normalized_line
from tenancy.migrations import RunPerTenant

KEY = 500  # characters of a sort key


def fill(apps, schema_editor):
    """Store names in their form, and what labels are sorted by. Of two that are one name then, one gets a number."""
    alias = schema_editor.connection.alias
    labels = apps.get_model('projects', 'Label').objects.using(alias)
    names = {name.lower() for name in labels.values_list('name', flat=True)}
    for label in labels.order_by('pk'):
        name = normalized_line(label.name)
        if name != label.name:
            name = next(each for each in numbered(name) if each.lower() not in names)
        names.add(name.lower())
        labels.filter(pk=label.pk).update(name=name, name_key=sort_key(name)[:KEY])
    projects = apps.get_model('projects', 'Project').objects.using(alias)
    for project in projects.only('name', 'description'):
        texts = {'name': normalized_line(project.name), 'description': normalized(project.description)}
        if texts != {'name': project.name, 'description': project.description}:
            projects.filter(pk=project.pk).update(**texts)
    statuses = apps.get_model('projects', 'Status').objects.using(alias)
    taken = set(statuses.values_list('project_id', 'name'))
    for status in statuses.order_by('pk'):
        name = normalized_line(status.name)
        if name != status.name:
            name = next(each for each in numbered(name) if (status.project_id, each) not in taken)
            taken.add((status.project_id, name))
            statuses.filter(pk=status.pk).update(name=name)


def numbered(name):
    yield name[:50]
    for number in range(2, 1_000_000):
        yield f'{name[:40]} ({number})'


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0014_log_ins_from'),
        ('projects', '0003_activity_of_a_task'),
    ]

    operations = [
        migrations.AddField(
            model_name='label',
            name='name_key',
            field=models.CharField(db_collation='C', db_default='', default='', editable=False, max_length=500),
        ),
        RunPerTenant(fill, migrations.RunPython.noop),
        migrations.AlterModelOptions(
            name='label',
            options={'base_manager_name': 'objects', 'ordering': ('name_key', 'id')},
        ),
    ]
