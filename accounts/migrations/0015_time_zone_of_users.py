from django.db import migrations, models

import tenancy.zones


def replace_pseudo_zones(apps, schema_editor):
    """Accounts whose entry names no time zone, which the API accepted, get UTC: pages treat unknown names so."""
    accounts = apps.get_model('accounts', 'Account').objects.using(schema_editor.connection.alias)
    accounts.filter(time_zone__in=('Factory', 'localtime', 'posixrules')).update(time_zone='UTC')


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0014_log_ins_from'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='time_zone',
            field=models.CharField(blank=True, max_length=64, null=True, validators=[tenancy.zones.validate_time_zone]),
        ),
        migrations.RunPython(replace_pseudo_zones, migrations.RunPython.noop, elidable=True),
    ]
