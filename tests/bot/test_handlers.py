"""Commands, and a polite answer to everything else."""

from __future__ import annotations

from typing import Any

import pytest

from photochrom.bot.access import Access


def reply(telegram: Any, start: Any, **content: Any) -> str:
    """The one message that answers one message."""
    with start():
        number = telegram.send(**content)
        (call,) = telegram.wait("sendMessage")
    assert call.answers == number
    assert telegram.token not in call.text
    return str(call.text)


@pytest.mark.parametrize("command", ["/start", "/help", "/help@colours_bot", "/start from_a_link"])
def test_help_says_that_colours_are_inferred(telegram: Any, start: Any, command: str) -> None:
    text = reply(telegram, start, text=command)
    assert "inferred" in text
    assert "/strength" in text or "/help" in text


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("/strength", "The strength is 1."),
        ("/strength 0.7", "From now on: strength 0.7."),
        ("/strength 1,2", "From now on: strength 1.2."),
        ("/strength 3", "The strength is a number between 0 and 1.5, such as 0.7."),
        ("/strength nan", "The strength is a number between 0 and 1.5, such as 0.7."),
        ("/strength bold", "The strength is a number between 0 and 1.5, such as 0.7."),
        ("/look", "The look is natural. There are: natural, fuller, softer, warmer, cooler, autochrome."),
        ("/look Warmer", "From now on: look warmer."),
        ("/look my.toml", "The look is one of natural, fuller, "),
        ("/candidates", "The number of versions is 1."),
        ("/candidates 3", "From now on: 3 for the number of versions."),
        ("/candidates 0", "The number of versions is a whole number between 1 and 9, such as 3."),
        ("/candidates 10", "The number of versions is a whole number between 1 and 9, such as 3."),
        ("/candidates 2.5", "The number of versions is a whole number between 1 and 9, such as 3."),
        ("/candidates 1e400", "The number of versions is a whole number between 1 and 9, such as 3."),
        ("/force", "Reply /force to a photo"),
        ("/dance now", "I do not know /dance."),
        ("/" + "x" * 4000, "I do not know /xxx"),
    ],
)
def test_commands_answer_in_a_sentence(telegram: Any, start: Any, command: str, answer: str) -> None:
    assert reply(telegram, start, text=command).startswith(answer)


def test_settings_are_remembered(telegram: Any, start: Any) -> None:
    with start():
        for text in ("/strength 0.4", "/candidates 2", "/strength", "/candidates"):
            telegram.send(text=text)
            telegram.wait("sendMessage", len(telegram.updates))
        texts = [call.text for call in telegram.of("sendMessage")]
    assert texts[2].startswith("The strength is 0.4.")
    assert texts[3].startswith("The number of versions is 2.")


def test_a_stranger_has_a_limit_and_hears_the_number_of_the_chat(
    telegram: Any, start: Any, pictures: Any
) -> None:
    with start(access=Access(daily=1)):
        for _ in range(2):
            telegram.photo(pictures.jpeg())
        telegram.wait("sendMediaGroup")
        (call,) = telegram.wait("sendMessage")
    assert call.text.startswith("I colour 1 photo a day for a chat, and that is used up today.")
    assert "can allow this chat with its number, " in call.text
    assert len(telegram.of("sendMediaGroup")) == 1


def test_only_listed_chats_are_served_where_the_limit_is_none(
    telegram: Any, start: Any, pictures: Any
) -> None:
    with start(access=Access(daily=0)):
        telegram.photo(pictures.jpeg())
        (call,) = telegram.wait("sendMessage")
    assert call.text.startswith("I colour photos only for chats that are on my list.")
    assert telegram.fetched == []


THING = {"file_id": "x", "file_unique_id": "x", "width": 1, "height": 1, "duration": 1}
VIDEO = {**THING, "file_name": "a.mp4", "mime_type": "video/mp4"}
STICKER = {**THING, "type": "regular", "is_animated": False, "is_video": False}


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ({"text": "hello, who are you? 🙂"}, "a message"),
        ({"sticker": STICKER}, "a sticker"),
        ({"video": VIDEO}, "a video"),
        ({"animation": VIDEO, "document": VIDEO}, "an animation"),
        ({"voice": THING}, "a voice message"),
        ({"location": {"latitude": 1.0, "longitude": 2.0}}, "a place"),
        ({"dice": {"emoji": "🎲", "value": 3}}, "a game of chance"),
    ],
)
def test_what_is_no_photo_gets_a_polite_answer(
    telegram: Any, start: Any, content: dict[str, Any], word: str
) -> None:
    text = reply(telegram, start, **content)
    assert text.startswith(f"That is {word}, and all I can do is colour photos.")
    assert telegram.fetched == []


def test_telegrams_own_notices_get_none(telegram: Any, start: Any, pictures: Any) -> None:
    with start():
        telegram.send(pinned_message={"message_id": 1, "date": 0, "chat": {"id": 1, "type": "private"}})
        telegram.photo(pictures.jpeg())
        telegram.wait("sendMediaGroup")
    assert telegram.of("sendMessage") == []


@pytest.mark.parametrize(
    ("name", "mime", "data", "words"),
    [
        ("letter.pdf", "application/pdf", b"%PDF-1.7", "letter.pdf: is no photo."),
        ("film.mp4", "video/mp4", b"...", "film.mp4: is no photo."),
        ("notes.jpg", "image/jpeg", b"dear diary", "notes.jpg: is not a picture of a known format"),
        ("drawing.svg", "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "drawing.svg: "),
        ("nothing.png", "image/png", b"", "nothing.png: the file is empty"),
        ("../../etc/passwd", "image/png", b"root:x:0:0", "passwd: is not a picture"),
        (None, None, b"??", "photo: is not a picture"),
        ("evil\r\n\u202egpj.exe", "image/png", b"MZ", "evilgpj.exe: is not a picture"),
    ],
)
def test_files_that_are_no_photos(
    telegram: Any, start: Any, name: str | None, mime: str | None, data: bytes, words: str
) -> None:
    document = telegram.file(data, file_name=name, mime_type=mime)
    assert reply(telegram, start, document=document).startswith(words)


def test_a_damaged_photo_is_a_sentence_and_the_others_go_on(telegram: Any, start: Any, pictures: Any) -> None:
    whole = pictures.jpeg()
    with start() as bot:
        telegram.document(whole[: len(whole) // 2], "torn.jpg")
        telegram.document(whole, "whole.jpg")
        (call,) = telegram.wait("sendMessage")
        telegram.wait("sendDocument")
    assert call.text.startswith(
        "torn.jpg: the file ends early, and 75 % of the picture is missing; reply /force"
    )
    assert call.text.endswith(".")
    assert (bot.service.counts.done, bot.service.counts.failed) == (1, 1)
    assert not any("torn" in line for line in bot.said), "names are nobody else's business"


def test_too_large_for_the_bot_api(telegram: Any, start: Any) -> None:
    document = telegram.file(b"", file_name="scan.tif", mime_type="image/tiff")
    text = reply(telegram, start, document={**document, "file_size": (20 << 20) + 1})
    assert text.startswith("scan.tif: has more than the 20 MB that Telegram lets bots fetch.")
    assert "photochrom colorize" in text
    assert telegram.fetched == []


def test_too_large_by_what_telegram_says_later(telegram: Any, start: Any) -> None:
    document = telegram.file(bytes((20 << 20) + 1), file_name="scan.tif", mime_type="image/tiff")
    del document["file_size"]
    assert "more than the 20 MB" in reply(telegram, start, document=document)


def test_too_many_pixels(telegram: Any, start: Any, pictures: Any) -> None:
    with start(max_pixels=10_000):
        telegram.document(pictures.jpeg(), "small.jpg")
        telegram.wait("sendDocument")
        telegram.send(text="/candidates 2")
        telegram.document(pictures.jpeg(), "large.jpg")
        _, call = telegram.wait("sendMessage", 2)
    assert call.text.startswith("large.jpg: 90 x 60 pixels exceed the limit of 0.005 megapixels")
    assert call.text.endswith("make it smaller, or ask for fewer /candidates.")


def test_a_fault_of_the_program_is_a_sentence_and_the_log_has_no_content(
    telegram: Any, start: Any, pictures: Any
) -> None:
    class Broken:
        name = "broken"

        def colorize_photo(self, photo: Any, *_: Any, **__: Any) -> Any:
            raise RuntimeError(f"cannot work on {photo.name}")

    with start(colorizer=Broken()) as bot:
        telegram.document(pictures.jpeg(), "private.jpg")
        (call,) = telegram.wait("sendMessage")
    assert call.text == (
        "private.jpg: could not be coloured, by a fault of mine (RuntimeError). Other photos are not affected."
    )
    (line,) = (line for line in bot.said if "could not be coloured" in line)
    assert "RuntimeError at test_handlers.py" in line
    assert "private" not in line


def test_the_menu_of_commands_is_set_in_each_language(telegram: Any, start: Any) -> None:
    with start():
        calls = telegram.wait("setMyCommands", 3)
    assert [call.fields.get("language_code") for call in calls] == [None, "de", "fr"]
    for call in calls:
        names = {command["command"] for command in call.fields["commands"]}
        assert names == {"look", "strength", "candidates", "help"}
    assert {call.fields["commands"][-1]["description"] for call in calls} == {
        "What I can do",
        "Was ich kann",
        "Ce que je sais faire",
    }


def test_it_answers_in_the_language_of_the_person(telegram: Any, start: Any, pictures: Any) -> None:
    with start():
        telegram.send(text="/strength 0,7", language="de-AT")
        (call,) = telegram.wait("sendMessage")
        telegram.photo(pictures.jpeg(), language="fr")
        (offered,) = telegram.offered()
        (album,) = telegram.wait("sendMediaGroup")
    assert call.text == "Ab jetzt: Stärke 0,7."
    assert offered.text == "Voulez-vous autre chose ?"
    assert "Plus de couleur" in offered.buttons
    assert album.captions[1].startswith("Les couleurs ont été estimées par photochrom")
