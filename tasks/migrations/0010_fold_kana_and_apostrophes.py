from importlib import import_module

from django.db import migrations

from tenancy.migrations import RunPerTenant

# What rows are sorted and searched by, computed anew.
fill = import_module('tasks.migrations.0009_sort_and_search').fill


class Migration(migrations.Migration):

    dependencies = [
        ('tasks', '0009_sort_and_search'),
        ('projects', '0005_names_without_hidden_characters'),
    ]

    operations = [
        RunPerTenant(fill, migrations.RunPython.noop),
    ]
