from django.db import migrations, models

from tenancy.folding import folded, normalized, sort_key
from tenancy.lines import normalized_line
from tenancy.migrations import RunPerTenant

KEY = 500  # characters of a sort key
PAGE = 500  # rows that are in memory at once
TEXTS = {'Task': ('title', 'description'), 'Subtask': ('title',), 'Comment': ('body',)}


def fill(apps, schema_editor):
    """Store texts in NFC, and what they are sorted and searched by."""
    for model, names in TEXTS.items():
        rows = apps.get_model('tasks', model).objects.using(schema_editor.connection.alias)
        pages = rows.only(*names).order_by('pk')
        page = list(pages[:PAGE])
        while page:
            for row in page:
                form = {'title': normalized_line}
                texts = {name: form.get(name, normalized)(getattr(row, name)) for name in names}
                if 'title' in texts:
                    row.title_key = sort_key(texts['title'])[:KEY]
                row.search_text = folded('\n'.join(texts.values()))
                for name, text in texts.items():
                    setattr(row, name, text)
            columns = [*names, 'search_text', *(['title_key'] if 'title' in names else [])]
            rows.bulk_update(page, columns)
            page = list(pages.filter(pk__gt=page[-1].pk)[:PAGE])


class Migration(migrations.Migration):

    dependencies = [
        ('tasks', '0008_export_to_xlsx'),
        ('projects', '0004_sort_labels'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='subtask',
            name='subtask_title',
        ),
        *(
            migrations.AddField(
                model_name=model,
                name='search_text',
                field=models.TextField(db_collation='C', db_default='', default='', editable=False),
            )
            for model in ('comment', 'subtask', 'task')
        ),
        *(
            migrations.AddField(
                model_name=model,
                name='title_key',
                field=models.CharField(db_collation='C', db_default='', default='', editable=False, max_length=500),
            )
            for model in ('subtask', 'task')
        ),
        RunPerTenant(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='subtask',
            index=models.Index(fields=['account', 'title_key', 'id'], name='subtask_title_key'),
        ),
    ]
