"""Logos and avatars: re-encoded, scaled down, shown to members of the account and deleted when replaced."""

import re
from datetime import timedelta
from io import BytesIO
from zlib import crc32

import pytest
from django.core.files.base import ContentFile
from PIL import Image

from accounts.actions.pictures import LARGEST, sweep_pictures
from accounts.files.images import NotAnImage, shrink
from accounts.models import Account, Membership
from tenancy.context import tenant_context
from tenancy.storage import TenantStorage, storage
from tenancy.testing import join, make_user, membership_of
from tests.accounts.files.clients import keys_of

pytestmark = pytest.mark.django_db

LOGO, AVATAR = "/api/v1/account/logo/", "/api/v1/me/avatar/"


def picture(width=300, height=200, kind="PNG", color=(200, 30, 30), **options):
    with BytesIO() as file:
        Image.new("RGB", (width, height), color).save(file, kind, **options)
        return file.getvalue()


def send(session, url, content, kind="image/png", method="PUT"):
    return session.generic(method, url, content, content_type=kind)


def image_of(response):
    assert response["Content-Type"] == "image/webp"
    return Image.open(BytesIO(response.content))


def logo_of(account):
    return Account.objects.get(pk=account.pk).logo


def avatar_of(user, account):
    with tenant_context(account):
        return membership_of(user, account).avatar


# Images ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_picture_is_scaled_down(kind):
    made = Image.open(BytesIO(shrink(picture(1000, 500, kind), 100)))
    assert (made.format, made.size) == ("WEBP", (100, 50))
    assert Image.open(BytesIO(shrink(picture(1000, 500, kind), 100, square=True))).size == (100, 100)


def test_metadata_is_dropped_and_the_right_way_up_is_kept():
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    exif[0x010E] = "CANARY in the description"
    exif.get_ifd(0x8825)[1] = "N"  # where it was taken
    made = shrink(picture(400, 200, "JPEG", exif=exif, comment=b"CANARY"), 100)
    image = Image.open(BytesIO(made))
    assert image.size == (50, 100)
    assert (b"CANARY" in made, dict(image.getexif()), image.info.keys() & {"exif", "xmp", "icc_profile"}) == (
        False,
        {},
        set(),
    )


def bomb(width, height):
    """Return a small PNG whose header declares so many pixels."""
    content = bytearray(picture(1, 1))
    content[16:24] = width.to_bytes(4) + height.to_bytes(4)
    content[29:33] = crc32(content[12:29]).to_bytes(4)
    return bytes(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x" * 1000,
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7",
        picture()[:100],
        bomb(100_000, 100_000),
        picture(kind="BMP"),
        picture(kind="TIFF"),
        b"GIF89a<script>alert(1)</script>",
    ],
)
def test_content_that_is_not_an_image_is_refused(content):
    with pytest.raises(NotAnImage):
        shrink(content, 100)


@pytest.mark.parametrize(
    ("size", "reason"),
    [
        ((16_000, 16_000), "16000 × 16000 pixels, and may have 250 million"),
        ((10_000, 10_000), "10000 × 10000 pixels, which need 381 MB of memory. At most 320 MB are possible"),
    ],
)
def test_image_with_too_many_pixels_is_refused_before_decoding(size, reason):
    with pytest.raises(NotAnImage, match=reason):
        shrink(bomb(*size), 100)


def test_bytes_after_the_image_are_dropped():
    made = shrink(picture(kind="GIF") + b"<script>alert(1)</script>", 100)
    assert b"script" not in made


# Logos -------------------------------------------------------------------------------------------------------------


def test_admin_sets_the_logo(client, acme, admin, django_capture_on_commit_callbacks):
    session = client.as_(admin)
    with django_capture_on_commit_callbacks(execute=True):  # the account of the host is cached for some time
        assert send(session, LOGO, picture(1000, 500)).status_code == 204
    url = f"/pictures/logo/{logo_of(acme)}/"
    assert f'src="{url}"' in session.get("/").content.decode()
    answer = client.at(acme).get(url)  # also before logging in
    assert image_of(answer).size == (256, 128)
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox;")
    assert "immutable" in answer["Cache-Control"]
    assert f'src="{url}"' in client.at(acme).get("/auth/login/").content.decode()


def test_only_admins_set_the_logo(client, acme, bob, vera):
    for person in (bob, vera):
        assert send(client.as_(person), LOGO, picture()).status_code == 403
        assert client.as_(person).delete(LOGO).status_code == 403
    assert keys_of(acme) == set()


def test_logo_change_is_audited(client, alice):
    session = client.as_(alice)
    send(session, LOGO, picture())
    session.delete(LOGO)
    session.delete(LOGO)
    entries = session.get("/api/v1/audit/?action=account.logo_changed").json()["results"]
    assert [entry["data"] for entry in entries] == [{"logo": False}, {"logo": True}]


def test_replaced_logo_is_deleted(client, acme, alice, run_jobs):
    session = client.as_(alice)
    send(session, LOGO, picture())
    old = logo_of(acme)
    send(session, LOGO, picture(color=(1, 2, 3)))
    assert keys_of(acme) == {f"logo/{old}", f"logo/{logo_of(acme)}"}
    run_jobs()
    assert keys_of(acme) == {f"logo/{logo_of(acme)}"}
    assert session.get(f"/pictures/logo/{old}/").status_code == 404
    assert session.delete(LOGO).status_code == 204
    run_jobs()
    assert (keys_of(acme), logo_of(acme)) == (set(), "")


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"", "image/png", 400),
        (b"nonsense", "image/png", 400),
        (bomb(100_000, 100_000), "image/png", 400),
        (picture(), "application/json", 415),
        (picture(), "image/svg+xml", 415),
        (picture(), "multipart/form-data; boundary=x", 415),
        (b"x" * (LARGEST + 1), "image/png", 413),
    ],
)
@pytest.mark.parametrize("url", [LOGO, AVATAR])
def test_invalid_picture_changes_nothing(client, acme, alice, url, content, kind, status):
    assert send(client.as_(alice), url, content, kind).status_code == status
    assert (keys_of(acme), logo_of(acme), avatar_of(alice, acme)) == (set(), "", "")


# Avatars -----------------------------------------------------------------------------------------------------------


def test_viewer_sets_and_removes_their_avatar(client, acme, vera, bob, run_jobs):
    assert send(client.as_(vera), AVATAR, picture(400, 100, "JPEG"), "image/jpeg").status_code == 204
    url = f"/pictures/avatar/{avatar_of(vera, acme)}/"
    assert f'src="{url}"' in client.as_(vera).get("/").content.decode()
    assert image_of(client.as_(bob).get(url)).size == (128, 128)
    assert client.as_(vera).delete(AVATAR).status_code == 204
    run_jobs()
    assert client.as_(bob).get(url).status_code == 404
    assert keys_of(acme) == set()


def test_avatar_is_visible_to_members_of_the_account_only(client, acme, globex, charlie, mallory, bob):
    """Charlie belongs to both accounts, with another avatar in each."""
    assert send(client.as_(charlie, at=acme), AVATAR, picture()).status_code == 204
    assert avatar_of(charlie, globex) == ""
    url = f"/pictures/avatar/{avatar_of(charlie, acme)}/"
    assert client.as_(bob).get(url).status_code == 200
    assert client.at(acme).get(url).status_code == 302
    assert client.as_(mallory).get(url).status_code == 404
    assert client.as_(charlie, at=globex).get(url).status_code == 404


def test_avatars_add_no_query_to_a_list_of_members(client, acme, alice, project, django_assert_max_num_queries):
    session = client.as_(alice)

    def queries():
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        session.get("/settings/members/")
        with CaptureQueriesContext(connection) as captured:
            page = session.get("/settings/members/")
        return len(captured), len(re.findall("/pictures/avatar/", page.content.decode()))

    for number in range(10):
        join(make_user(f"member-{number}"), acme, "member")
    without, shown = queries()
    assert shown == 0
    with tenant_context(acme):
        for number, member in enumerate(Membership.objects.all()):
            member.avatar = f"{number:032x}"
            member.save()
    with_pictures, shown = queries()
    assert shown >= 1
    assert with_pictures == without


# Sweeping ----------------------------------------------------------------------------------------------------------


def test_unreferenced_pictures_are_swept(client, acme, alice, monkeypatch):
    session = client.as_(alice)
    send(session, LOGO, picture())
    send(session, AVATAR, picture())
    used = keys_of(acme)
    assert len(used) == 2
    with tenant_context(acme):
        for name in ("logo/0123", "avatars/4567", "exports/x"):
            storage.save(name, ContentFile(b"x"))
        assert sweep_pictures() == 0  # they are new
        found = TenantStorage.walk

        def walk(self, folder=""):
            for each in found(self, folder):
                yield type(each)(each.name, each.since - timedelta(days=2))

        monkeypatch.setattr(TenantStorage, "walk", walk)
        assert sweep_pictures() == 2
    assert keys_of(acme) == used | {"exports/x"}
