"""A real browser, if one is installed: what a page of another origin can read and do through the door."""

import contextlib
import http.server
import json
import os
import re
import shutil
import subprocess
import threading

import pytest

from shared.aws.client import connect_endpoint
from shared.config.lane import Place
from shared.local.cloud import EmbeddedCloud

PLACE = Place("123456789012", "us-east-1", "test")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

# The page of foreign_root.py and csrf_reset.sh: forged signatures, simple requests, and a form that navigates nowhere.
PAGE = """<!doctype html><title>some other site</title><body><script>
const cloud = "CLOUD", seen = [];
const forged = service => `AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/${service}/aws4_request, ` +
  "SignedHeaders=host, Signature=0";
const call = async (name, path, options) => {
  try {
    const answer = await fetch(cloud + path, options);
    seen.push([name, answer.type, answer.status, await answer.text()]);
  } catch (error) { seen.push([name, "blocked", 0, ""]); }
};
const json = (service, target) => ({method: "POST", body: "{}", headers: {
  "authorization": forged(service), "content-type": "application/x-amz-json-1.1", "x-amz-target": target}});
(async () => {
  await call("secrets", "/", json("secretsmanager", "secretsmanager.ListSecrets"));
  await call("machines", "/", json("states", "AWSStepFunctions.ListStateMachines"));
  await call("read", "/", {});
  await call("reset", "/moto-api/reset", {method: "POST", mode: "no-cors", body: "a=b"});
  await call("silent", "/some-bucket", {method: "GET", mode: "no-cors", referrerPolicy: "no-referrer"});
  await call("user", "/", {method: "POST", mode: "no-cors",
    headers: {"content-type": "application/x-www-form-urlencoded"},
    body: "Action=CreateUser&Version=2010-05-08&UserName=evil"});
  document.body.textContent = "SEEN" + JSON.stringify(seen) + "SEEN";
})();
</script>"""


@contextlib.contextmanager
def site(page):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def dom(url, folder):
    """Return the text of a page after its script has run."""
    command = [CHROMIUM, "--headless", "--disable-gpu", f"--user-data-dir={folder}", "--virtual-time-budget=20000"]
    command += ["--host-resolver-rules=MAP evil.example 127.0.0.1", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    done = subprocess.run([*command, "--dump-dom", url], capture_output=True, text=True, check=True, timeout=120)
    return done.stdout


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine (apt install chromium)")
def test_a_page_of_another_origin_reads_nothing_and_does_nothing(tmp_path):
    with EmbeddedCloud(PLACE, tmp_path / "cloud") as cloud, site(PAGE.replace("CLOUD", cloud.endpoint)) as port:
        aws = connect_endpoint(PLACE, cloud.endpoint, cloud.key)
        aws.s3.create_bucket(Bucket="some-bucket")
        aws.s3.put_object(Bucket="some-bucket", Key="page", Body=b"a presigned page", ContentType="text/plain")
        for host in ("localhost", "evil.example"):
            found = re.search("SEEN(.*)SEEN", dom(f"http://{host}:{port}/", tmp_path / host))
            assert found
            seen = {name: told for name, *told in json.loads(found[1])}
            assert set(seen) == {"secrets", "machines", "read", "reset", "silent", "user"}
            assert all(told in (["blocked", 0, ""], ["opaque", 0, ""]) for told in seen.values()), seen
        rebound = cloud.endpoint.replace("127.0.0.1", "evil.example")
        assert "does not answer this request: its Host is" in dom(f"{rebound}/", tmp_path / "rebound")
        url = aws.s3.generate_presigned_url("get_object", {"Bucket": "some-bucket", "Key": "page"})
        assert "a presigned page" in dom(url, tmp_path / "typed")
        assert "some-bucket" in {bucket["Name"] for bucket in aws.s3.list_buckets()["Buckets"]}  # nothing was reset
        assert aws.iam.list_users()["Users"] == []
