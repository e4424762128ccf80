"""The controls of files: what goes in, what comes out, to whom, and what is left."""

from tests.mutants.controls import Mutant, off

ATTACHING, INSPECTING = "tasks/actions/attachments.py", "tasks/actions/inspection.py"
SWEEPING, RECEIVING = "tasks/actions/sweeping.py", "tasks/actions/receiving.py"
MODEL, VIEW, UPLOADING = "tasks/models/attachments.py", "tasks/api/attachments.py", "accounts/rest/uploads.py"
STORAGE, SERVING, SNIFFING = "tenancy/storage.py", "accounts/rest/downloads.py", "tasks/sniffing.py"
IMAGES, PICTURES, QUOTAS = "accounts/images.py", "accounts/pictures.py", "accounts/quotas.py"
API, ATTACKS = "tests/tasks/test_attachments_api.py", "tests/tasks/test_attachment_attacks.py"
GONE, FULL = "tests/tasks/test_attachment_removal.py", "tests/tasks/test_attachment_quotas.py"
PROXIED, FORMS = "tests/tasks/test_proxied_downloads.py", "tests/frontend/test_files.py"
SHOWN, FAULTS = "tests/accounts/test_pictures.py", "tests/faults/test_storage.py"

OF_FILES: list[Mutant] = [
    off(
        "files of hidden projects are hidden",
        MODEL,
        'return self.filter(visible_through(membership, "task__project"))',
        "return self",
        f"{ATTACKS}::test_files_of_a_hidden_project_do_not_exist",
        f"{PROXIED}::test_rights_are_asked_for_each_time",
    ),
    off(
        "what is looked at is what is kept, and not what a client writes to",
        MODEL,
        "return str(self.pk)",
        "return self.incoming",
        f"{API}::test_a_replayed_upload_changes_nothing",
    ),
    off(
        "the type of an upload is signed",
        STORAGE,
        '{"ContentType": content_type, "ContentLength": size}',
        '{"ContentLength": size}',
        f"{ATTACKS}::test_an_upload_url_takes_one_file_of_one_size_and_type",
    ),
    off(
        "the size of an upload is signed",
        STORAGE,
        '{"ContentType": content_type, "ContentLength": size}',
        '{"ContentType": content_type}',
        f"{ATTACKS}::test_an_upload_url_takes_one_file_of_one_size_and_type",
    ),
    off(
        "presigned downloads are saved, not shown",
        STORAGE,
        '{"ResponseContentDisposition": disposition, "ResponseContentType": "application/octet-stream"}',
        "{}",
        f"{ATTACKS}::test_nothing_is_shown_inline",
    ),
    off(
        "proxied downloads are saved, not shown",
        SERVING,
        '"Content-Disposition": disposition(name), **HARMLESS',
        '"Content-Disposition": "inline"',
        f"{PROXIED}::test_it_is_saved_and_never_run",
    ),
    off(
        "nothing is given out before it was checked",
        VIEW,
        "    if not attachment.is_ready:\n        raise NotReady",
        "    if False:\n        raise NotReady",
        f"{API}::test_a_download_before_it_is_ready_is_a_conflict",
    ),
    off(
        "an account that wants its files proxied gives out no links",
        VIEW,
        'if require_active_tenant().media_access == "proxied":',
        "if False:",
        f"{PROXIED}::test_nobody_gets_a_link_to_storage",
    ),
    off(
        "the size is compared",
        INSPECTING,
        "    if not _is_complete(attachment):\n        return Refusal.SIZE\n",
        "",
        f"{API}::test_a_file_of_another_size_is_rejected",
    ),
    off(
        "a picture must be that picture",
        SNIFFING,
        "        return claimed == found\n",
        "        return True\n",
        f"{API}::test_the_type_is_what_the_content_says",
    ),
    off(
        "programs are refused",
        INSPECTING,
        "    if found == PROGRAM:\n        return Refusal.PROGRAM\n",
        "",
        f"{API}::test_the_type_is_what_the_content_says",
    ),
    off(
        "files go with what they belong to",
        MODEL,
        "    remove_files_of(sub_objs)\n",
        "",
        f"{GONE}::test_a_file_goes_with_what_it_belongs_to",
    ),
    off(
        "no object is removed while its row is there",
        INSPECTING,
        "        if pk not in alive:\n",
        "        if True:\n",
        f"{GONE}::test_no_object_goes_while_its_row_is_there",
    ),
    off(
        "a file that is deleted while it is checked leaves nothing",
        INSPECTING,
        "    if found.occupying().exists():\n",
        "    if True:\n",
        f"{GONE}::test_a_file_that_is_deleted_while_it_is_checked_leaves_nothing",
        f"{API}::test_a_file_of_another_size_is_rejected",
    ),
    off(
        "the sweeper leaves alone what is new",
        SWEEPING,
        "names = (each.name for each in storage.walk(folder) if each.since < before)",
        "names = (each.name for each in storage.walk(folder))",
        f"{GONE}::test_old_objects_without_a_row_are_removed",
    ),
    off(
        "the sweeper leaves alone what is in use",
        SWEEPING,
        "(name for name, pk in ids.items() if pk not in known)",
        "(name for name, pk in ids.items())",
        f"{GONE}::test_old_objects_without_a_row_are_removed",
    ),
    off(
        "people complete their own uploads",
        ATTACHING,
        'if attachment.uploaded_by_id != actor.pk:\n        raise PermissionDenied(_("Only whoever began',
        'if False:\n        raise PermissionDenied(_("Only whoever began',
        f"{API}::test_only_whoever_began_completes",
    ),
    off(
        "people delete their own files",
        ATTACHING,
        'if attachment.uploaded_by_id != actor.pk and not may(actor, "file.delete_any"):',
        "if False:",
        f"{API}::test_people_delete_their_own_and_admins_any",
        f"{FORMS}::test_people_delete_their_own",
    ),
    off(
        "people attach files to their own comments",
        ATTACHING,
        "    if comment.author_id != actor.pk:\n",
        "    if False:\n",
        f"{API}::test_a_file_belongs_to_ones_own_comment_on_that_task",
    ),
    off(
        "storage has an end",
        QUOTAS,
        "if limit is not None and used + size > limit:",
        "if False:",
        f"{FULL}::test_the_last_byte_of_a_plan_and_one_more",
    ),
    off(
        "storage is counted under a lock",
        QUOTAS,
        "Account.objects.select_for_update(no_key=True).get(pk=account.pk).plan",
        "Account.objects.get(pk=account.pk).plan",
        f"{FULL}::test_of_those_who_take_the_last_room_at_once_one_succeeds",
    ),
    off(
        "a file is not larger than the plan allows",
        RECEIVING,
        "        require_allowed_size(self.upload.size + len(piece))\n",
        "",
        f"{FULL}::test_a_file_that_is_too_large_is_not_taken",
    ),
    off(
        "an upload that fails leaves nothing",
        RECEIVING,
        "        self.is_over = True\n        self.upload.abort()\n",
        "        return\n",
        "tests/tasks/test_uploads.py::test_a_body_that_ends_too_soon_leaves_nothing",
        f"{FAULTS}::test_gone_during_an_upload",
    ),
    off(
        "a body that ends too soon is no file",
        UPLOADING,
        "    if not taking.is_complete:\n",
        "    if False:\n",
        "tests/tasks/test_uploads.py::test_a_body_that_ends_too_soon_leaves_nothing",
    ),
    off(
        "a form that sends a file needs its token",
        "frontend/uploads.py",
        "is not None:\n        raise PermissionDenied",
        "is not None and False:\n        raise PermissionDenied",
        f"{FORMS}::test_a_form_of_another_site_attaches_nothing",
    ),
    off(
        "names of files are cleaned",
        ATTACHING,
        "name=clean_name(file.name),",
        "name=file.name[:255],",
        f"{ATTACKS}::test_a_name_changes_no_key_and_no_header",
    ),
    off(
        "pictures that are too large are not read",
        IMAGES,
        "if image.width * image.height > MOST_PIXELS:",
        "if False:",
        f"{SHOWN}::test_what_is_no_picture_is_refused",
    ),
    off(
        "metadata of pictures is dropped",
        IMAGES,
        'bare.save(file, "WEBP", quality=85, method=4)',
        'bare.save(file, "WEBP", quality=85, method=4, exif=image.getexif())',
        f"{SHOWN}::test_metadata_is_dropped_and_the_right_way_up_is_kept",
    ),
    off(
        "faces are shown to members of the account alone",
        "frontend/views/pictures.py",
        "@require_safe\ndef avatar(",
        "@login_not_required\n@require_safe\ndef avatar(",
        f"{SHOWN}::test_it_is_for_members_of_the_account_alone",
    ),
    off(
        "a replaced picture is removed",
        PICTURES,
        '        enqueue("accounts.remove_picture", name=logo_file(before))\n',
        "        pass\n",
        f"{SHOWN}::test_of_a_replaced_logo_nothing_is_left",
    ),
    off(
        "files that no view has asked for are not kept",
        "config/settings.py",
        'FILE_UPLOAD_HANDLERS = ["accounts.rest.uploads.NoFiles"]',
        "UNUSED = []",
        "tests/frontend/test_picture_forms.py::test_files_that_no_view_has_asked_for_are_not_kept",
    ),
]
