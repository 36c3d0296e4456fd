"""S3 refuses a document that is no XML."""

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from shared.local.corrections.malformed_xml import malformed_xml_refused


def test_a_name_that_no_xml_may_hold_is_refused():
    with mock_aws(), malformed_xml_refused():
        s3 = boto3.client("s3", aws_access_key_id="k", aws_secret_access_key="k", region_name="us-east-1")
        s3.create_bucket(Bucket="bucket")
        s3.put_object(Bucket="bucket", Key="a\x01b")
        with pytest.raises(ClientError) as error:
            s3.delete_objects(Bucket="bucket", Delete={"Objects": [{"Key": "a\x01b"}]})
        assert error.value.response["Error"]["Code"] == "MalformedXML"
        s3.delete_object(Bucket="bucket", Key="a\x01b")
