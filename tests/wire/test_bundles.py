"""A message of a platform and its files as one: what is there stays as it is when one more comes."""

from bot.core.files import File
from bot.wire.bundles import files_of, is_bundle, with_file, words_of

RAW = '{"message": {"text": "Y ffordd \u202e — ỹ", "voice": {"duration": 2}}}'.encode()


def test_files_come_one_after_another() -> None:
    """The first makes a bundle of what was none; each is there with its name and every octet."""
    files = [File("voice.ogg", bytes(range(256))), File("plan – ŷ.pdf", b"%PDF-1.7\r\n\n\r"), File("voice", b"")]
    whole = RAW
    for file in files:
        whole = with_file(whole, file)
    assert is_bundle(whole)
    assert files_of(whole) == files
    assert whole.startswith(with_file(RAW, files[0])[:400])
    assert "Y ffordd" in words_of(whole)


def test_a_message_of_which_nothing_is_kept_can_have_a_file() -> None:
    """Whatever its octets are."""
    for raw in (b"", b"\xff\xfe\x00", b"MIME-Version"):
        assert files_of(with_file(raw, File("a.txt", b"a"))) == [File("a.txt", b"a")]
