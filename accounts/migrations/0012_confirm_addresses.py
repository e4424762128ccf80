from django.db import migrations


def confirm(apps, schema_editor):
    """Whoever is there came by an operator or by the link of an invitation: until now nobody could sign up."""
    User = apps.get_model("accounts", "User")
    EmailAddress = apps.get_model("account", "EmailAddress")
    using = schema_editor.connection.alias
    known = EmailAddress.objects.using(using).values("user_id")
    people = User.objects.using(using).exclude(pk__in=known)
    EmailAddress.objects.using(using).bulk_create(
        (EmailAddress(user_id=user.pk, email=user.email, verified=True, primary=True) for user in people.iterator()),
        batch_size=1000,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_deleted_users"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [migrations.RunPython(confirm, migrations.RunPython.noop)]
