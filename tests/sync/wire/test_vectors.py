"""The vectors of docs/formats/: a second implementation made them, and the program agrees byte for byte."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import zstandard

from sync import (
    bundle,
    changes,
    chunkwire,
    crypto,
    enrolment,
    epochs,
    frames,
    introduction,
    membership,
    sqlcipher,
    volume,
    wire,
)
from sync.admission import code_key, new_code
from sync.crypto import Opener, Signer
from sync.enrolment import Start, UnitKey, initialise
from sync.ids import new_id
from sync.log import Identity
from sync.membership import Membership
from sync.stick import folder, statement
from sync.wire import Hello, Message, Problem, Reply, Request
from tests.sync.replicas import Replica
from tests.sync.wire import make_vectors, second


def _load(name: str) -> dict[str, Any]:
    def from_hex(value: object) -> object:
        match value:
            case dict():
                return {key: from_hex(entry) for key, entry in value.items()}
            case list():
                return [from_hex(entry) for entry in value]
            case str():
                return bytes.fromhex(value)
        return value

    loaded = from_hex(json.loads((make_vectors.FOLDER / name).read_text(encoding="utf-8")))
    assert isinstance(loaded, dict)
    return loaded


@pytest.mark.parametrize(
    "name", ["frame.json", "membership.json", "invitation.json", "bundle.json", "stick.json", "http.json", "hub.json"]
)
def test_the_files_are_what_the_script_makes(name: str) -> None:
    text = (make_vectors.FOLDER / name).read_text(encoding="utf-8")
    assert text == make_vectors.as_text(make_vectors.vectors()[name])


def test_frames() -> None:
    vector = _load("frame.json")
    for index, made in enumerate(vector["frames"]):
        frame = frames.parse(made["frame"])
        frame.verify(vector["author_key"])
        payload = frame.open(vector["unit_key"])
        assert (frame.hash, frame.bound, frame.header.seq) == (made["hash"], made["header"], made["seq"])
        assert frame.header.previous == made["previous"]
        assert [list(head) for head in frame.header.heads] == made["heads"]
        assert zstandard.ZstdDecompressor().decompress(payload) == made["payload"]
        batch = changes.decode(payload)
        assert batch.groups[0].columns == [[["Олена", "Марія"][index]]]
    assert batch.groups[0].replaces == [[((1, vector["incarnation"]),)]]


def test_frames_of_the_program_read_by_the_second_implementation(project: Path) -> None:
    vector = _load("frame.json")
    made = vector["frames"][1]
    header = frames.parse(made["frame"]).header
    built = frames.build(
        header, changes.encode(changes.Batch(1, 2, [])), vector["unit_key"], Signer(vector["author_seed"])
    )
    fields, payload = second.open_frame(built.body, vector["unit_key"], vector["author_key"])
    assert fields["seq"] == 2
    assert fields["previous"] == vector["frames"][0]["hash"]
    documented = re.search(r"SHA-256 `([0-9a-f]{64})`", (project / "docs/formats/frame.md").read_text("utf-8"))
    dictionary = (project / "resources/compression/frame-1.zdict").read_bytes()
    assert documented is not None
    assert second.sha256(dictionary).hex() == documented[1]
    assert zstandard.get_frame_parameters(payload).dict_id == 40_001
    unpacker = zstandard.ZstdDecompressor(dict_data=zstandard.ZstdCompressionDict(dictionary))
    assert second.unpack(unpacker.decompress(payload)) == [1, 1, 2, [], []]
    assert built.bound == made["header"]


def test_padding() -> None:
    for length in (*range(3_000), 10**5, 10**6 + 1, 2**20, 2**20 + 1):
        assert frames.padded_length(length) == second.padded(length)


def test_membership() -> None:
    vector = _load("membership.json")
    state = Membership.of([made["link"] for made in vector["links"]])
    assert (state.community, state.refused) == (vector["community"], {})
    assert set(state.devices) == {vector["founder"]["id"], vector["guest"]["id"]}
    guest = state.devices[vector["guest"]["id"]]
    assert (guest.role, guest.entry.suffix, len(guest.units)) == ("clerk", "2", 2)
    for made, key in zip(vector["links"], ("founder", "founder", "guest", *["founder"] * 5), strict=True):
        link = membership.parse(made["link"])
        signer = Signer(vector[key]["seed"])
        founding = link.hash == vector["community"]
        again = membership.make(b"" if founding else link.community, link.parents, link.author, link.body, signer)
        assert (again.hash, again.data) == (made["hash"], made["link"])


def test_a_revocation_with_a_new_key() -> None:
    vector = _load("membership.json")
    links = [made["link"] for made in vector["links"]]
    founder, guest = vector["founder"]["id"], vector["guest"]["id"]
    state = Membership.of(links)
    revoked = membership.parse(links[5]).body
    assert isinstance(revoked, membership.Revoke)
    (cut,) = revoked.cuts
    assert list(state.revocations) == [guest]
    assert [bool(state.may_stand(guest, cut.unit, cut.incarnation, seq)) for seq in (2, 5, 6)] == [False, False, True]
    assert epochs.newest(state, cut.unit) == vector["epoch"]["id"]
    signer, opener = Signer(vector["founder"]["seed"]), Opener.from_secret(vector["grant"]["secret"])
    identity = Identity(state.community, founder, signer, opener, bytes(16))
    start = Start(identity, links, [UnitKey(cut.unit, bytes(16), bytes(32))], state.common_unit, [cut.unit])
    connection = sqlcipher.connect_in_memory()
    initialise(connection, start)
    keys = epochs.held(connection)
    assert keys[cut.unit, vector["epoch"]["id"]] == vector["epoch"]["key"]
    assert [[epoch, keys[cut.unit, epoch]] for epoch, _key in vector["epoch"]["earlier"]] == vector["epoch"]["earlier"]
    connection.close()


def test_units_and_roles() -> None:
    vector = _load("units.json")
    state = Membership.of([made["link"] for made in vector["links"]])
    assert (state.community, state.refused) == (vector["community"], {})
    guest, unit, life = vector["guest"]["id"], vector["unit"], vector["life"]
    assert state.circles == {vector["circle"]}
    assert state.devices[guest].roles == {state.common_unit: "clerk", unit: "auditor", vector["circle"]: "head"}
    assert [state.may_stand(guest, unit, life, seq) for seq in (3, 4)] == ["", "right"]
    assert [state.may_stand(guest, vector["new_unit"], life, seq) for seq in (1, 2)] == ["", "right"]
    for made in vector["links"][4:]:
        link = membership.parse(made["link"])
        signer = Signer(vector["guest" if link.author == guest else "founder"]["seed"])
        again = membership.make(link.community, link.parents, link.author, link.body, signer)
        assert (again.hash, again.data) == (made["hash"], made["link"])


def test_a_frame_for_an_intake() -> None:
    vector = _load("units.json")
    made, guest = vector["intake"], Signer(vector["guest"]["seed"])
    state = Membership.of([link["link"] for link in vector["links"]])
    assert state.intake(vector["new_unit"]) == (made["epoch"], made["public_key"])
    assert frames.intake_key(made["epoch_key"]) == made["public_key"]
    frame = frames.parse(made["frame"])
    frame.verify(guest.public_key)
    author = Opener.from_secret(made["author_secret"])
    for payload in (frame.open(made["epoch_key"]), frame.open_own(author)):
        assert zstandard.ZstdDecompressor().decompress(payload) == made["payload"]
    for refused in (bytes(32), made["content_key"]):
        with pytest.raises(frames.BadFrame):
            frame.open(refused)
    with pytest.raises(frames.BadFrame):
        frame.open_own(Opener.generate())
    built = frames.build_for_intake(frame.header, b"payload", made["public_key"], author, guest)
    assert second.open_intake_frame(built.body, made["epoch_key"], guest.public_key) == b"payload"


def test_a_sealed_unit_key() -> None:
    grant = _load("membership.json")["grant"]
    opener = Opener.from_secret(grant["secret"])
    assert opener.public_key == grant["seal_key"]
    assert opener.open(grant["sealed"], grant["info"]) == grant["key"]


def test_invitation(tmp_path: Path) -> None:
    vector = _load("invitation.json")
    contents = enrolment.read_invitation(vector["file"])
    assert (contents.links, contents.frames) == (vector["links"], vector["frames"])
    assert (contents.invitation, contents.secret) == (vector["invitation"], vector["secret"])
    assert (contents.server, contents.server_key) == (vector["server"].decode(), vector["server_key"])
    assert contents.code == vector["code"].decode()
    assert enrolment.write_invitation(contents) == vector["file"]
    assert Opener.from_secret(vector["secret"]).secret == vector["hybrid_key"]
    state = Membership.of(vector["links"])
    assert (state.community, state.refused) == (vector["community"], {})
    assert state.invitations[vector["invitation"]].verify_key == vector["verify_key"]

    person = new_id()
    start = enrolment.accept(contents, person)
    assert [key.key for key in start.keys] == vector["unit_keys"]
    body = membership.parse(start.links[-1]).body
    assert isinstance(body, membership.Enrol)
    device = start.identity
    entry = [device.device, device.signer.public_key, device.opener.public_key, person, "2"]
    countersigner = second.Key(vector["countersigning_seed"])
    proven = b"sprava/enrol/1\x00" + vector["community"] + vector["invitation"] + second.pack(entry)
    assert body.proof == countersigner.sign(proven)

    replica = Replica(tmp_path / "guest.db", start)
    assert replica.log.apply(contents.frames).changes == 1
    assert replica.values(make_vectors.PERSON, "name") == ["Олена"]
    replica.close()


def test_bundle(tmp_path: Path) -> None:
    vector = _load("bundle.json")
    with (tmp_path / "vector.sprava").open("w+b") as file:
        file.write(vector["bundle"])
        file.seek(0)
        sender = volume.check(file, _load("membership.json")["community"])
    assert sender.device == vector["device"]
    assert sender.heads == wire.unpack_heads([(unit, data) for unit, data in _load("http.json")["heads"]])
    key = Signer(vector["seed"])
    crypto.verify(key.public_key, sender.signature, b"sprava/bundle/1\x00" + sender.digest)


def test_statements_and_names_on_a_stick() -> None:
    vector, community = _load("stick.json"), _load("membership.json")["community"]
    signed = statement.parse(vector["statement"])
    said = signed.statement
    assert (said.community, said.device) == (community, vector["device"])
    assert (said.stamp, said.visit, said.time_ms) == (1_795_000_000_000, 7, 1_795_000_000_123)
    assert said.heads == wire.unpack_heads([(unit, data) for unit, data in _load("http.json")["heads"]])
    assert said.wants == (make_vectors.SECRET,)
    links = [entry["link"] for entry in _load("membership.json")["links"]]
    assert signed.is_vouched_for(Membership.of(links[:1]))
    assert said.sign(Signer(vector["seed"])) == vector["statement"]
    assert folder.community_folder(Path(), community).as_posix().encode() == vector["folder"]
    assert str(folder.VolumeName(7, 2, vector["device"])).encode() == vector["volume_name"]
    assert folder.statement_name(vector["device"]).encode() == vector["statement_name"]


def test_bundles_of_the_program_are_made_the_same_way(tmp_path: Path) -> None:
    replica = Replica.found(tmp_path / "replica.db")
    for _ in range(3):
        replica.set(new_id(), name="Олена")
    bundle.export_bundle(replica.log, tmp_path / "made.sprava")
    log = replica.log
    held = {unit: chains for unit, chains in log.heads().items() if chains}
    again = second.bundle(log.community, log.device, log.links(), held, replica.frames(), second.Key(log.signer.seed))
    assert (tmp_path / "made.sprava").read_bytes() == again
    replica.close()


def test_http_request() -> None:
    vector = _load("http.json")
    community = _load("membership.json")["community"]
    for name in ("request", "nothing_new"):
        envelope, encoded = wire.open_request(vector[name])
        key = Signer(vector["device_seed"])
        envelope.verify(key.public_key, server=vector["server_key"], community=community, digest=second.sha256(encoded))
        message = wire.decode(Request, encoded)
        assert wire.encode(message) == encoded
        again = wire.sign_request(
            key,
            server=vector["server_key"],
            community=community,
            device=vector["device"],
            nonce=vector["nonce"],
            message=encoded,
        )
        assert again == vector[name]
    heads = wire.unpack_heads([(unit, data) for unit, data in vector["heads"]])
    assert message.base == wire.digest(heads) == vector["heads_digest"]


def test_http_admission_and_news() -> None:
    vector, community = _load("http.json"), _load("membership.json")["community"]
    server, nonce = vector["server_key"], vector["nonce"]
    code = code_key(f" {vector['code'].decode().lower().replace('-', ' ')}\n")
    assert code is not None
    made = wire.sign_admission(code, server=server, community=community, nonce=nonce)
    assert made == vector["admission"]
    wire.open_admission(made).verify(server)
    envelope, message = wire.open_request(vector["news"])
    key = Signer(vector["device_seed"])
    digest = second.sha256(message)
    envelope.verify(key.public_key, server=server, community=community, digest=digest, path=wire.NEWS_PATH)
    assert wire.encode(wire.decode(wire.NewsRequest, message)) == message


@pytest.mark.parametrize(
    ("name", "path", "asked", "answered"),
    [
        ("missing", chunkwire.MISSING_PATH, chunkwire.MissingRequest, chunkwire.MissingReply),
        ("put", chunkwire.PUT_PATH, chunkwire.PutRequest, chunkwire.PutReply),
        ("get", chunkwire.GET_PATH, chunkwire.GetRequest, chunkwire.GetReply),
    ],
)
def test_http_chunks(name: str, path: str, asked: type[Message], answered: type[Message]) -> None:
    vector, community = _load("http.json"), _load("membership.json")["community"]
    envelope, message = wire.open_request(vector[f"chunks_{name}"])
    key, digest = Signer(vector["device_seed"]), second.sha256(message)
    envelope.verify(key.public_key, server=vector["server_key"], community=community, digest=digest, path=path)
    assert wire.encode(wire.decode(asked, message)) == message
    reply = vector[f"chunks_{name}_reply"]
    message = wire.open_reply(reply, server=vector["server_key"], nonce=vector["nonce"], status=200)
    assert wire.encode(wire.decode(answered, message)) == message


@pytest.mark.parametrize("text", ["", "ABCDE", "ABCDE-FGHJK-MNPQR-STUVW-XYZ2O", "АBCDE-FGHJK-MNPQR-STUVW-XYZ23"])
def test_what_is_no_admission_code(text: str) -> None:
    assert code_key(text) is None
    assert code_key(new_code()) is not None


@pytest.mark.parametrize("size", [65_440, 65_441])
def test_a_long_body_says_ahead_who_signed_what(size: int) -> None:
    vector = _load("http.json")
    server, device, nonce, community = vector["server_key"], vector["device"], vector["nonce"], bytes(range(32))
    sending = {"server": server, "community": community, "device": device, "nonce": nonce, "message": b"m" * size}
    body = wire.sign_request(Signer(vector["device_seed"]), **sending)
    assert body == second.request(key=second.Key(vector["device_seed"]), **sending)
    assert wire.open_request(body)[0].community == (b"" if size == 65_440 else community)


@pytest.mark.parametrize(
    ("name", "kind", "status"),
    [("reply", Reply, 200), ("hello", Hello, 200), ("news_reply", wire.NewsReply, 200), ("problem", Problem, 403)],
)
def test_http_replies(name: str, kind: type[Reply | Hello | wire.NewsReply | Problem], status: int) -> None:
    vector = _load("http.json")
    message = wire.open_reply(vector[name], server=vector["server_key"], nonce=vector["nonce"], status=status)
    assert wire.encode(wire.decode(kind, message)) == message
    signed = wire.sign_reply(Signer(vector["server_seed"]), nonce=vector["nonce"], status=status, message=message)
    assert signed == vector[name]


def test_an_office_hub_is_recognised() -> None:
    vector = _load("hub.json")
    members, keys = Membership.of(vector["links"]), [vector["common_key"]]
    assert introduction.tags(keys, vector["hub"]) == vector["tag"]
    assert introduction.is_ours(keys, vector["hub"], vector["tag"])
    found = introduction.introduced([vector["introduction"]], keys, server=vector["server_key"], members=members)
    assert found is not None
    assert found.device == vector["device"]
