"""URLs that are signed."""

from gobp.buildservice.storage.presigned import Keys, Signer


def test_the_signature_is_that_of_the_example_in_the_manual_of_s3() -> None:
    # https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    keys = Keys("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    url = Signer(keys, "us-east-1").url(
        "https://examplebucket.s3.amazonaws.com/test.txt", {}, 86_400, 1_369_353_600
    )
    assert url.endswith(
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )
    assert "X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host" in url


def test_the_token_of_a_session_is_in_the_url_and_no_key_is_ever_shown() -> None:
    keys = Keys("ID", "hunter2", "a/token")
    url = Signer(keys, "eu-1").url("https://s3.example/b/k", {"a": "b c"}, 60, 0)
    assert "X-Amz-Security-Token=a%2Ftoken" in url
    assert "a=b%20c&" in url
    assert "hunter2" not in url + repr(keys)
    assert "token" not in repr(keys)
