// Generated from messages.proto by scripts/proto.sh: do not edit.
/* eslint-disable require-yield */
import { decodeMessage, encodeMessage, enumeration, MaxLengthError, message, streamMessage } from 'protons-runtime';
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc';
export var Control;
(function (Control) {
    let _codec;
    Control.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                obj = { ...obj };
                if (obj.rootPeers != null) {
                    obj.chunks = undefined;
                    obj.chunksWanted = undefined;
                    obj.peers = undefined;
                    obj.have = undefined;
                    obj.pieces = undefined;
                    obj.head = undefined;
                    obj.part = undefined;
                    obj.refused = undefined;
                    obj.hello = undefined;
                }
                if (obj.chunks != null) {
                    obj.rootPeers = undefined;
                    obj.chunksWanted = undefined;
                    obj.peers = undefined;
                    obj.have = undefined;
                    obj.pieces = undefined;
                    obj.head = undefined;
                    obj.part = undefined;
                    obj.refused = undefined;
                    obj.hello = undefined;
                }
                if (obj.chunksWanted != null) {
                    obj.rootPeers = undefined;
                    obj.chunks = undefined;
                    obj.peers = undefined;
                    obj.have = undefined;
                    obj.pieces = undefined;
                    obj.head = undefined;
                    obj.part = undefined;
                    obj.refused = undefined;
                    obj.hello = undefined;
                }
                if (obj.peers != null) {
                    obj.rootPeers = undefined;
                    obj.chunks = undefined;
                    obj.chunksWanted = undefined;
                    obj.have = undefined;
                    obj.pieces = undefined;
                    obj.head = undefined;
                    obj.part = undefined;
                    obj.refused = undefined;
                    obj.hello = undefined;
                }
                if (obj.have != null) {
                    obj.rootPeers = undefined;
                    obj.chunks = undefined;
                    obj.chunksWanted = undefined;
                    obj.peers = undefined;
                    obj.pieces = undefined;
                    obj.head = undefined;
                    obj.part = undefined;
                    obj.refused = undefined;
                    obj.hello = undefined;
                }
                if (obj.pieces != null) {
                    obj.rootPeers = undefined;
                    obj.chunks = undefined;
                    obj.chunksWanted = undefined;
                    obj.peers = undefined;
                    obj.have = undefined;
                    obj.head = undefined;
                    obj.part = undefined;
                    obj.refused = undefined;
                    obj.hello = undefined;
                }
                if (obj.head != null) {
                    obj.rootPeers = undefined;
                    obj.chunks = undefined;
                    obj.chunksWanted = undefined;
                    obj.peers = undefined;
                    obj.have = undefined;
                    obj.pieces = undefined;
                    obj.part = undefined;
                    obj.refused = undefined;
                    obj.hello = undefined;
                }
                if (obj.part != null) {
                    obj.rootPeers = undefined;
                    obj.chunks = undefined;
                    obj.chunksWanted = undefined;
                    obj.peers = undefined;
                    obj.have = undefined;
                    obj.pieces = undefined;
                    obj.head = undefined;
                    obj.refused = undefined;
                    obj.hello = undefined;
                }
                if (obj.refused != null) {
                    obj.rootPeers = undefined;
                    obj.chunks = undefined;
                    obj.chunksWanted = undefined;
                    obj.peers = undefined;
                    obj.have = undefined;
                    obj.pieces = undefined;
                    obj.head = undefined;
                    obj.part = undefined;
                    obj.hello = undefined;
                }
                if (obj.hello != null) {
                    obj.rootPeers = undefined;
                    obj.chunks = undefined;
                    obj.chunksWanted = undefined;
                    obj.peers = undefined;
                    obj.have = undefined;
                    obj.pieces = undefined;
                    obj.head = undefined;
                    obj.part = undefined;
                    obj.refused = undefined;
                }
                if (obj.hello != null) {
                    w.uint32(10);
                    Hello.codec().encode(obj.hello, w);
                }
                if (obj.refused != null) {
                    w.uint32(18);
                    Refused.codec().encode(obj.refused, w);
                }
                if (obj.part != null) {
                    w.uint32(26);
                    ManifestPart.codec().encode(obj.part, w);
                }
                if (obj.head != null) {
                    w.uint32(34);
                    SignedHead.codec().encode(obj.head, w);
                }
                if (obj.pieces != null) {
                    w.uint32(42);
                    Pieces.codec().encode(obj.pieces, w);
                }
                if (obj.have != null) {
                    w.uint32(50);
                    Have.codec().encode(obj.have, w);
                }
                if (obj.peers != null) {
                    w.uint32(58);
                    Peers.codec().encode(obj.peers, w);
                }
                if (obj.chunksWanted != null) {
                    w.uint32(66);
                    ChunksWanted.codec().encode(obj.chunksWanted, w);
                }
                if (obj.chunks != null) {
                    w.uint32(74);
                    Chunks.codec().encode(obj.chunks, w);
                }
                if (obj.rootPeers != null) {
                    w.uint32(82);
                    RootPeers.codec().encode(obj.rootPeers, w);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {};
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.hello = Hello.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.hello
                            });
                            break;
                        }
                        case 2: {
                            obj.refused = Refused.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.refused
                            });
                            break;
                        }
                        case 3: {
                            obj.part = ManifestPart.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.part
                            });
                            break;
                        }
                        case 4: {
                            obj.head = SignedHead.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.head
                            });
                            break;
                        }
                        case 5: {
                            obj.pieces = Pieces.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.pieces
                            });
                            break;
                        }
                        case 6: {
                            obj.have = Have.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.have
                            });
                            break;
                        }
                        case 7: {
                            obj.peers = Peers.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.peers
                            });
                            break;
                        }
                        case 8: {
                            obj.chunksWanted = ChunksWanted.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.chunksWanted
                            });
                            break;
                        }
                        case 9: {
                            obj.chunks = Chunks.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.chunks
                            });
                            break;
                        }
                        case 10: {
                            obj.rootPeers = RootPeers.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.rootPeers
                            });
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                if (obj.rootPeers != null) {
                    delete obj.chunks;
                    delete obj.chunksWanted;
                    delete obj.peers;
                    delete obj.have;
                    delete obj.pieces;
                    delete obj.head;
                    delete obj.part;
                    delete obj.refused;
                    delete obj.hello;
                }
                if (obj.chunks != null) {
                    delete obj.rootPeers;
                    delete obj.chunksWanted;
                    delete obj.peers;
                    delete obj.have;
                    delete obj.pieces;
                    delete obj.head;
                    delete obj.part;
                    delete obj.refused;
                    delete obj.hello;
                }
                if (obj.chunksWanted != null) {
                    delete obj.rootPeers;
                    delete obj.chunks;
                    delete obj.peers;
                    delete obj.have;
                    delete obj.pieces;
                    delete obj.head;
                    delete obj.part;
                    delete obj.refused;
                    delete obj.hello;
                }
                if (obj.peers != null) {
                    delete obj.rootPeers;
                    delete obj.chunks;
                    delete obj.chunksWanted;
                    delete obj.have;
                    delete obj.pieces;
                    delete obj.head;
                    delete obj.part;
                    delete obj.refused;
                    delete obj.hello;
                }
                if (obj.have != null) {
                    delete obj.rootPeers;
                    delete obj.chunks;
                    delete obj.chunksWanted;
                    delete obj.peers;
                    delete obj.pieces;
                    delete obj.head;
                    delete obj.part;
                    delete obj.refused;
                    delete obj.hello;
                }
                if (obj.pieces != null) {
                    delete obj.rootPeers;
                    delete obj.chunks;
                    delete obj.chunksWanted;
                    delete obj.peers;
                    delete obj.have;
                    delete obj.head;
                    delete obj.part;
                    delete obj.refused;
                    delete obj.hello;
                }
                if (obj.head != null) {
                    delete obj.rootPeers;
                    delete obj.chunks;
                    delete obj.chunksWanted;
                    delete obj.peers;
                    delete obj.have;
                    delete obj.pieces;
                    delete obj.part;
                    delete obj.refused;
                    delete obj.hello;
                }
                if (obj.part != null) {
                    delete obj.rootPeers;
                    delete obj.chunks;
                    delete obj.chunksWanted;
                    delete obj.peers;
                    delete obj.have;
                    delete obj.pieces;
                    delete obj.head;
                    delete obj.refused;
                    delete obj.hello;
                }
                if (obj.refused != null) {
                    delete obj.rootPeers;
                    delete obj.chunks;
                    delete obj.chunksWanted;
                    delete obj.peers;
                    delete obj.have;
                    delete obj.pieces;
                    delete obj.head;
                    delete obj.part;
                    delete obj.hello;
                }
                if (obj.hello != null) {
                    delete obj.rootPeers;
                    delete obj.chunks;
                    delete obj.chunksWanted;
                    delete obj.peers;
                    delete obj.have;
                    delete obj.pieces;
                    delete obj.head;
                    delete obj.part;
                    delete obj.refused;
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield* Hello.codec().stream(reader, reader.uint32(), `${prefix}.hello`, {
                                limits: opts.limits?.hello
                            });
                            break;
                        }
                        case 2: {
                            yield* Refused.codec().stream(reader, reader.uint32(), `${prefix}.refused`, {
                                limits: opts.limits?.refused
                            });
                            break;
                        }
                        case 3: {
                            yield* ManifestPart.codec().stream(reader, reader.uint32(), `${prefix}.part`, {
                                limits: opts.limits?.part
                            });
                            break;
                        }
                        case 4: {
                            yield* SignedHead.codec().stream(reader, reader.uint32(), `${prefix}.head`, {
                                limits: opts.limits?.head
                            });
                            break;
                        }
                        case 5: {
                            yield* Pieces.codec().stream(reader, reader.uint32(), `${prefix}.pieces`, {
                                limits: opts.limits?.pieces
                            });
                            break;
                        }
                        case 6: {
                            yield* Have.codec().stream(reader, reader.uint32(), `${prefix}.have`, {
                                limits: opts.limits?.have
                            });
                            break;
                        }
                        case 7: {
                            yield* Peers.codec().stream(reader, reader.uint32(), `${prefix}.peers`, {
                                limits: opts.limits?.peers
                            });
                            break;
                        }
                        case 8: {
                            yield* ChunksWanted.codec().stream(reader, reader.uint32(), `${prefix}.chunksWanted`, {
                                limits: opts.limits?.chunksWanted
                            });
                            break;
                        }
                        case 9: {
                            yield* Chunks.codec().stream(reader, reader.uint32(), `${prefix}.chunks`, {
                                limits: opts.limits?.chunks
                            });
                            break;
                        }
                        case 10: {
                            yield* RootPeers.codec().stream(reader, reader.uint32(), `${prefix}.rootPeers`, {
                                limits: opts.limits?.rootPeers
                            });
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, Control.codec());
    }
    Control.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Control.codec(), opts);
    }
    Control.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Control.codec(), opts);
    }
    Control.stream = stream;
})(Control || (Control = {}));
export var Hello;
(function (Hello) {
    let _codec;
    Hello.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.topic != null && obj.topic.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.topic);
                }
                if ((obj.proof != null && obj.proof.byteLength > 0)) {
                    w.uint32(18);
                    w.bytes(obj.proof);
                }
                if ((obj.version != null && obj.version !== '')) {
                    w.uint32(26);
                    w.string(obj.version);
                }
                if ((obj.manifestCount != null && obj.manifestCount !== 0)) {
                    w.uint32(32);
                    w.uint32(obj.manifestCount);
                }
                if ((obj.links != null && obj.links !== 0)) {
                    w.uint32(40);
                    w.uint32(obj.links);
                }
                if ((obj.grant != null && obj.grant.byteLength > 0)) {
                    w.uint32(50);
                    w.bytes(obj.grant);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    topic: uint8ArrayAlloc(0),
                    proof: uint8ArrayAlloc(0),
                    version: '',
                    manifestCount: 0,
                    links: 0,
                    grant: uint8ArrayAlloc(0)
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.topic = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.proof = reader.bytes();
                            break;
                        }
                        case 3: {
                            obj.version = reader.string();
                            break;
                        }
                        case 4: {
                            obj.manifestCount = reader.uint32();
                            break;
                        }
                        case 5: {
                            obj.links = reader.uint32();
                            break;
                        }
                        case 6: {
                            obj.grant = reader.bytes();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.topic`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.proof`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.version`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.manifestCount`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 5: {
                            yield {
                                field: `${prefix}.links`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 6: {
                            yield {
                                field: `${prefix}.grant`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, Hello.codec());
    }
    Hello.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Hello.codec(), opts);
    }
    Hello.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Hello.codec(), opts);
    }
    Hello.stream = stream;
})(Hello || (Hello = {}));
export var Reason;
(function (Reason) {
    Reason["UNKNOWN_TOPIC"] = "UNKNOWN_TOPIC";
    Reason["BAD_PROOF"] = "BAD_PROOF";
    Reason["OTHER_VERSION"] = "OTHER_VERSION";
    Reason["TOO_BUSY"] = "TOO_BUSY";
    Reason["GOING_AWAY"] = "GOING_AWAY";
    Reason["NO_SUCH_PIECE"] = "NO_SUCH_PIECE";
    Reason["CANCELLED"] = "CANCELLED";
})(Reason || (Reason = {}));
var __ReasonValues;
(function (__ReasonValues) {
    __ReasonValues[__ReasonValues["UNKNOWN_TOPIC"] = 0] = "UNKNOWN_TOPIC";
    __ReasonValues[__ReasonValues["BAD_PROOF"] = 1] = "BAD_PROOF";
    __ReasonValues[__ReasonValues["OTHER_VERSION"] = 2] = "OTHER_VERSION";
    __ReasonValues[__ReasonValues["TOO_BUSY"] = 3] = "TOO_BUSY";
    __ReasonValues[__ReasonValues["GOING_AWAY"] = 4] = "GOING_AWAY";
    __ReasonValues[__ReasonValues["NO_SUCH_PIECE"] = 5] = "NO_SUCH_PIECE";
    __ReasonValues[__ReasonValues["CANCELLED"] = 6] = "CANCELLED";
})(__ReasonValues || (__ReasonValues = {}));
(function (Reason) {
    Reason.codec = () => {
        return enumeration(__ReasonValues);
    };
})(Reason || (Reason = {}));
export var Refused;
(function (Refused) {
    let _codec;
    Refused.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if (obj.reason != null && __ReasonValues[obj.reason] !== 0) {
                    w.uint32(8);
                    Reason.codec().encode(obj.reason, w);
                }
                if (obj.peers != null && obj.peers.length > 0) {
                    for (const value of obj.peers) {
                        w.uint32(18);
                        PeerAddress.codec().encode(value, w);
                    }
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    reason: Reason.UNKNOWN_TOPIC,
                    peers: []
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.reason = Reason.codec().decode(reader);
                            break;
                        }
                        case 2: {
                            if (opts.limits?.peers != null && obj.peers.length === opts.limits.peers) {
                                throw new MaxLengthError('Decode error - repeated field "peers" had too many elements');
                            }
                            obj.peers.push(PeerAddress.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.peers$
                            }));
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const obj = {
                    peers: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.reason`,
                                value: Reason.codec().decode(reader)
                            };
                            break;
                        }
                        case 2: {
                            if (opts.limits?.peers != null && obj.peers === opts.limits.peers) {
                                throw new MaxLengthError('Streaming decode error - repeated field "peers" had too many elements');
                            }
                            for (const evt of PeerAddress.codec().stream(reader, reader.uint32(), `${prefix}.peers[]`, {
                                limits: opts.limits?.peers$
                            })) {
                                yield {
                                    ...evt,
                                    index: obj.peers
                                };
                            }
                            obj.peers++;
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, Refused.codec());
    }
    Refused.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Refused.codec(), opts);
    }
    Refused.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Refused.codec(), opts);
    }
    Refused.stream = stream;
})(Refused || (Refused = {}));
export var ManifestPart;
(function (ManifestPart) {
    let _codec;
    ManifestPart.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.from != null && obj.from !== 0)) {
                    w.uint32(8);
                    w.uint32(obj.from);
                }
                if ((obj.digests != null && obj.digests.byteLength > 0)) {
                    w.uint32(18);
                    w.bytes(obj.digests);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    from: 0,
                    digests: uint8ArrayAlloc(0)
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.from = reader.uint32();
                            break;
                        }
                        case 2: {
                            obj.digests = reader.bytes();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.from`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.digests`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, ManifestPart.codec());
    }
    ManifestPart.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, ManifestPart.codec(), opts);
    }
    ManifestPart.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, ManifestPart.codec(), opts);
    }
    ManifestPart.stream = stream;
})(ManifestPart || (ManifestPart = {}));
export var SignedHead;
(function (SignedHead) {
    let _codec;
    SignedHead.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.envelope != null && obj.envelope.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.envelope);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    envelope: uint8ArrayAlloc(0)
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.envelope = reader.bytes();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.envelope`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, SignedHead.codec());
    }
    SignedHead.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, SignedHead.codec(), opts);
    }
    SignedHead.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, SignedHead.codec(), opts);
    }
    SignedHead.stream = stream;
})(SignedHead || (SignedHead = {}));
export var Head;
(function (Head) {
    let _codec;
    Head.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.task != null && obj.task !== '')) {
                    w.uint32(10);
                    w.string(obj.task);
                }
                if ((obj.version != null && obj.version !== '')) {
                    w.uint32(18);
                    w.string(obj.version);
                }
                if ((obj.pieceLength != null && obj.pieceLength !== 0)) {
                    w.uint32(24);
                    w.uint32(obj.pieceLength);
                }
                if (obj.length != null) {
                    w.uint32(32);
                    w.uint64Number(obj.length);
                }
                if ((obj.fileName != null && obj.fileName !== '')) {
                    w.uint32(42);
                    w.string(obj.fileName);
                }
                if ((obj.count != null && obj.count !== 0)) {
                    w.uint32(48);
                    w.uint32(obj.count);
                }
                if ((obj.chain != null && obj.chain.byteLength > 0)) {
                    w.uint32(58);
                    w.bytes(obj.chain);
                }
                if (obj.seal != null) {
                    w.uint32(66);
                    Seal.codec().encode(obj.seal, w);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    task: '',
                    version: '',
                    pieceLength: 0,
                    fileName: '',
                    count: 0,
                    chain: uint8ArrayAlloc(0)
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.task = reader.string();
                            break;
                        }
                        case 2: {
                            obj.version = reader.string();
                            break;
                        }
                        case 3: {
                            obj.pieceLength = reader.uint32();
                            break;
                        }
                        case 4: {
                            obj.length = reader.uint64Number();
                            break;
                        }
                        case 5: {
                            obj.fileName = reader.string();
                            break;
                        }
                        case 6: {
                            obj.count = reader.uint32();
                            break;
                        }
                        case 7: {
                            obj.chain = reader.bytes();
                            break;
                        }
                        case 8: {
                            obj.seal = Seal.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.seal
                            });
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.task`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.version`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.pieceLength`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.length`,
                                value: reader.uint64Number()
                            };
                            break;
                        }
                        case 5: {
                            yield {
                                field: `${prefix}.fileName`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 6: {
                            yield {
                                field: `${prefix}.count`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 7: {
                            yield {
                                field: `${prefix}.chain`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 8: {
                            yield* Seal.codec().stream(reader, reader.uint32(), `${prefix}.seal`, {
                                limits: opts.limits?.seal
                            });
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, Head.codec());
    }
    Head.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Head.codec(), opts);
    }
    Head.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Head.codec(), opts);
    }
    Head.stream = stream;
})(Head || (Head = {}));
export var Seal;
(function (Seal) {
    let _codec;
    Seal.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.length != null && obj.length !== 0)) {
                    w.uint32(8);
                    w.uint64Number(obj.length);
                }
                if ((obj.sha256 != null && obj.sha256.byteLength > 0)) {
                    w.uint32(18);
                    w.bytes(obj.sha256);
                }
                if ((obj.root != null && obj.root !== '')) {
                    w.uint32(26);
                    w.string(obj.root);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    length: 0,
                    sha256: uint8ArrayAlloc(0),
                    root: ''
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.length = reader.uint64Number();
                            break;
                        }
                        case 2: {
                            obj.sha256 = reader.bytes();
                            break;
                        }
                        case 3: {
                            obj.root = reader.string();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.length`,
                                value: reader.uint64Number()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.sha256`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.root`,
                                value: reader.string()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, Seal.codec());
    }
    Seal.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Seal.codec(), opts);
    }
    Seal.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Seal.codec(), opts);
    }
    Seal.stream = stream;
})(Seal || (Seal = {}));
export var Pieces;
(function (Pieces) {
    let _codec;
    Pieces.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.size != null && obj.size !== 0)) {
                    w.uint32(8);
                    w.uint32(obj.size);
                }
                if ((obj.bits != null && obj.bits.byteLength > 0)) {
                    w.uint32(18);
                    w.bytes(obj.bits);
                }
                if ((obj.queue != null && obj.queue !== 0)) {
                    w.uint32(24);
                    w.uint32(obj.queue);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    size: 0,
                    bits: uint8ArrayAlloc(0),
                    queue: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.size = reader.uint32();
                            break;
                        }
                        case 2: {
                            obj.bits = reader.bytes();
                            break;
                        }
                        case 3: {
                            obj.queue = reader.uint32();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.size`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.bits`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.queue`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, Pieces.codec());
    }
    Pieces.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Pieces.codec(), opts);
    }
    Pieces.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Pieces.codec(), opts);
    }
    Pieces.stream = stream;
})(Pieces || (Pieces = {}));
export var Have;
(function (Have) {
    let _codec;
    Have.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if (obj.pieces != null && obj.pieces.length > 0) {
                    for (const value of obj.pieces) {
                        w.uint32(8);
                        w.uint32(value);
                    }
                }
                if ((obj.queue != null && obj.queue !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.queue);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    pieces: [],
                    queue: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            if (opts.limits?.pieces != null && obj.pieces.length === opts.limits.pieces) {
                                throw new MaxLengthError('Decode error - repeated field "pieces" had too many elements');
                            }
                            obj.pieces.push(reader.uint32());
                            break;
                        }
                        case 2: {
                            obj.queue = reader.uint32();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const obj = {
                    pieces: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            if (opts.limits?.pieces != null && obj.pieces === opts.limits.pieces) {
                                throw new MaxLengthError('Streaming decode error - repeated field "pieces" had too many elements');
                            }
                            yield {
                                field: `${prefix}.pieces[]`,
                                index: obj.pieces,
                                value: reader.uint32()
                            };
                            obj.pieces++;
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.queue`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, Have.codec());
    }
    Have.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Have.codec(), opts);
    }
    Have.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Have.codec(), opts);
    }
    Have.stream = stream;
})(Have || (Have = {}));
export var PeerAddress;
(function (PeerAddress) {
    let _codec;
    PeerAddress.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.id != null && obj.id.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.id);
                }
                if (obj.addresses != null && obj.addresses.length > 0) {
                    for (const value of obj.addresses) {
                        w.uint32(18);
                        w.bytes(value);
                    }
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    id: uint8ArrayAlloc(0),
                    addresses: []
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.id = reader.bytes();
                            break;
                        }
                        case 2: {
                            if (opts.limits?.addresses != null && obj.addresses.length === opts.limits.addresses) {
                                throw new MaxLengthError('Decode error - repeated field "addresses" had too many elements');
                            }
                            obj.addresses.push(reader.bytes());
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const obj = {
                    addresses: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.id`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            if (opts.limits?.addresses != null && obj.addresses === opts.limits.addresses) {
                                throw new MaxLengthError('Streaming decode error - repeated field "addresses" had too many elements');
                            }
                            yield {
                                field: `${prefix}.addresses[]`,
                                index: obj.addresses,
                                value: reader.bytes()
                            };
                            obj.addresses++;
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, PeerAddress.codec());
    }
    PeerAddress.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, PeerAddress.codec(), opts);
    }
    PeerAddress.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, PeerAddress.codec(), opts);
    }
    PeerAddress.stream = stream;
})(PeerAddress || (PeerAddress = {}));
export var Peers;
(function (Peers) {
    let _codec;
    Peers.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if (obj.peers != null && obj.peers.length > 0) {
                    for (const value of obj.peers) {
                        w.uint32(10);
                        PeerAddress.codec().encode(value, w);
                    }
                }
                if ((obj.links != null && obj.links !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.links);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    peers: [],
                    links: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            if (opts.limits?.peers != null && obj.peers.length === opts.limits.peers) {
                                throw new MaxLengthError('Decode error - repeated field "peers" had too many elements');
                            }
                            obj.peers.push(PeerAddress.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.peers$
                            }));
                            break;
                        }
                        case 2: {
                            obj.links = reader.uint32();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const obj = {
                    peers: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            if (opts.limits?.peers != null && obj.peers === opts.limits.peers) {
                                throw new MaxLengthError('Streaming decode error - repeated field "peers" had too many elements');
                            }
                            for (const evt of PeerAddress.codec().stream(reader, reader.uint32(), `${prefix}.peers[]`, {
                                limits: opts.limits?.peers$
                            })) {
                                yield {
                                    ...evt,
                                    index: obj.peers
                                };
                            }
                            obj.peers++;
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.links`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, Peers.codec());
    }
    Peers.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Peers.codec(), opts);
    }
    Peers.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Peers.codec(), opts);
    }
    Peers.stream = stream;
})(Peers || (Peers = {}));
export var RootPeers;
(function (RootPeers) {
    let _codec;
    RootPeers.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if (obj.peers != null && obj.peers.length > 0) {
                    for (const value of obj.peers) {
                        w.uint32(10);
                        PeerAddress.codec().encode(value, w);
                    }
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    peers: []
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            if (opts.limits?.peers != null && obj.peers.length === opts.limits.peers) {
                                throw new MaxLengthError('Decode error - repeated field "peers" had too many elements');
                            }
                            obj.peers.push(PeerAddress.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.peers$
                            }));
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const obj = {
                    peers: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            if (opts.limits?.peers != null && obj.peers === opts.limits.peers) {
                                throw new MaxLengthError('Streaming decode error - repeated field "peers" had too many elements');
                            }
                            for (const evt of PeerAddress.codec().stream(reader, reader.uint32(), `${prefix}.peers[]`, {
                                limits: opts.limits?.peers$
                            })) {
                                yield {
                                    ...evt,
                                    index: obj.peers
                                };
                            }
                            obj.peers++;
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, RootPeers.codec());
    }
    RootPeers.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, RootPeers.codec(), opts);
    }
    RootPeers.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, RootPeers.codec(), opts);
    }
    RootPeers.stream = stream;
})(RootPeers || (RootPeers = {}));
export var ChunksWanted;
(function (ChunksWanted) {
    let _codec;
    ChunksWanted.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.from != null && obj.from !== 0)) {
                    w.uint32(8);
                    w.uint32(obj.from);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    from: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.from = reader.uint32();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.from`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, ChunksWanted.codec());
    }
    ChunksWanted.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, ChunksWanted.codec(), opts);
    }
    ChunksWanted.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, ChunksWanted.codec(), opts);
    }
    ChunksWanted.stream = stream;
})(ChunksWanted || (ChunksWanted = {}));
export var Chunks;
(function (Chunks) {
    let _codec;
    Chunks.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.count != null && obj.count !== 0)) {
                    w.uint32(8);
                    w.uint32(obj.count);
                }
                if ((obj.average != null && obj.average !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.average);
                }
                if ((obj.from != null && obj.from !== 0)) {
                    w.uint32(24);
                    w.uint32(obj.from);
                }
                if ((obj.entries != null && obj.entries.byteLength > 0)) {
                    w.uint32(34);
                    w.bytes(obj.entries);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    count: 0,
                    average: 0,
                    from: 0,
                    entries: uint8ArrayAlloc(0)
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.count = reader.uint32();
                            break;
                        }
                        case 2: {
                            obj.average = reader.uint32();
                            break;
                        }
                        case 3: {
                            obj.from = reader.uint32();
                            break;
                        }
                        case 4: {
                            obj.entries = reader.bytes();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.count`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.average`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.from`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.entries`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, Chunks.codec());
    }
    Chunks.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Chunks.codec(), opts);
    }
    Chunks.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Chunks.codec(), opts);
    }
    Chunks.stream = stream;
})(Chunks || (Chunks = {}));
export var DataRequest;
(function (DataRequest) {
    let _codec;
    DataRequest.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                obj = { ...obj };
                if (obj.got != null) {
                    obj.cancel = undefined;
                    obj.ask = undefined;
                    obj.hello = undefined;
                }
                if (obj.cancel != null) {
                    obj.got = undefined;
                    obj.ask = undefined;
                    obj.hello = undefined;
                }
                if (obj.ask != null) {
                    obj.got = undefined;
                    obj.cancel = undefined;
                    obj.hello = undefined;
                }
                if (obj.hello != null) {
                    obj.got = undefined;
                    obj.cancel = undefined;
                    obj.ask = undefined;
                }
                if (obj.hello != null) {
                    w.uint32(10);
                    Hello.codec().encode(obj.hello, w);
                }
                if (obj.ask != null) {
                    w.uint32(16);
                    w.uint32(obj.ask);
                }
                if (obj.cancel != null) {
                    w.uint32(24);
                    w.uint32(obj.cancel);
                }
                if (obj.got != null) {
                    w.uint32(40);
                    w.uint32(obj.got);
                }
                if ((obj.load != null && obj.load !== 0)) {
                    w.uint32(32);
                    w.uint32(obj.load);
                }
                if ((obj.has != null && obj.has !== 0)) {
                    w.uint32(48);
                    w.uint32(obj.has);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    load: 0,
                    has: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.hello = Hello.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.hello
                            });
                            break;
                        }
                        case 2: {
                            obj.ask = reader.uint32();
                            break;
                        }
                        case 3: {
                            obj.cancel = reader.uint32();
                            break;
                        }
                        case 5: {
                            obj.got = reader.uint32();
                            break;
                        }
                        case 4: {
                            obj.load = reader.uint32();
                            break;
                        }
                        case 6: {
                            obj.has = reader.uint32();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                if (obj.got != null) {
                    delete obj.cancel;
                    delete obj.ask;
                    delete obj.hello;
                }
                if (obj.cancel != null) {
                    delete obj.got;
                    delete obj.ask;
                    delete obj.hello;
                }
                if (obj.ask != null) {
                    delete obj.got;
                    delete obj.cancel;
                    delete obj.hello;
                }
                if (obj.hello != null) {
                    delete obj.got;
                    delete obj.cancel;
                    delete obj.ask;
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield* Hello.codec().stream(reader, reader.uint32(), `${prefix}.hello`, {
                                limits: opts.limits?.hello
                            });
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.ask`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.cancel`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 5: {
                            yield {
                                field: `${prefix}.got`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.load`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 6: {
                            yield {
                                field: `${prefix}.has`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, DataRequest.codec());
    }
    DataRequest.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, DataRequest.codec(), opts);
    }
    DataRequest.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, DataRequest.codec(), opts);
    }
    DataRequest.stream = stream;
})(DataRequest || (DataRequest = {}));
export var Frame;
(function (Frame) {
    let _codec;
    Frame.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.piece != null && obj.piece !== 0)) {
                    w.uint32(8);
                    w.uint32(obj.piece);
                }
                if ((obj.offset != null && obj.offset !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.offset);
                }
                if ((obj.length != null && obj.length !== 0)) {
                    w.uint32(24);
                    w.uint32(obj.length);
                }
                if (obj.refused != null) {
                    w.uint32(32);
                    Reason.codec().encode(obj.refused, w);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    piece: 0,
                    offset: 0,
                    length: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.piece = reader.uint32();
                            break;
                        }
                        case 2: {
                            obj.offset = reader.uint32();
                            break;
                        }
                        case 3: {
                            obj.length = reader.uint32();
                            break;
                        }
                        case 4: {
                            obj.refused = Reason.codec().decode(reader);
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.piece`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.offset`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.length`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.refused`,
                                value: Reason.codec().decode(reader)
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, Frame.codec());
    }
    Frame.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Frame.codec(), opts);
    }
    Frame.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Frame.codec(), opts);
    }
    Frame.stream = stream;
})(Frame || (Frame = {}));
export var Header;
(function (Header) {
    let _codec;
    Header.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.name != null && obj.name !== '')) {
                    w.uint32(10);
                    w.string(obj.name);
                }
                if ((obj.value != null && obj.value !== '')) {
                    w.uint32(18);
                    w.string(obj.value);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    name: '',
                    value: ''
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.name = reader.string();
                            break;
                        }
                        case 2: {
                            obj.value = reader.string();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.name`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.value`,
                                value: reader.string()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, Header.codec());
    }
    Header.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Header.codec(), opts);
    }
    Header.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Header.codec(), opts);
    }
    Header.stream = stream;
})(Header || (Header = {}));
export var ResolveRequest;
(function (ResolveRequest) {
    let _codec;
    ResolveRequest.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.url != null && obj.url !== '')) {
                    w.uint32(10);
                    w.string(obj.url);
                }
                if (obj.headers != null && obj.headers.length > 0) {
                    for (const value of obj.headers) {
                        w.uint32(18);
                        Header.codec().encode(value, w);
                    }
                }
                if (obj.filter != null && obj.filter.length > 0) {
                    for (const value of obj.filter) {
                        w.uint32(26);
                        w.string(value);
                    }
                }
                if ((obj.tag != null && obj.tag !== '')) {
                    w.uint32(34);
                    w.string(obj.tag);
                }
                if ((obj.digest != null && obj.digest.byteLength > 0)) {
                    w.uint32(42);
                    w.bytes(obj.digest);
                }
                if ((obj.revalidate != null && obj.revalidate !== false)) {
                    w.uint32(48);
                    w.bool(obj.revalidate);
                }
                if ((obj.renews != null && obj.renews.byteLength > 0)) {
                    w.uint32(58);
                    w.bytes(obj.renews);
                }
                if ((obj.progress != null && obj.progress !== false)) {
                    w.uint32(64);
                    w.bool(obj.progress);
                }
                if ((obj.namedByDigest != null && obj.namedByDigest !== false)) {
                    w.uint32(72);
                    w.bool(obj.namedByDigest);
                }
                if ((obj.anonymous != null && obj.anonymous !== false)) {
                    w.uint32(80);
                    w.bool(obj.anonymous);
                }
                if ((obj.copy != null && obj.copy !== false)) {
                    w.uint32(88);
                    w.bool(obj.copy);
                }
                if ((obj.inline != null && obj.inline !== false)) {
                    w.uint32(96);
                    w.bool(obj.inline);
                }
                if ((obj.traceparent != null && obj.traceparent !== '')) {
                    w.uint32(106);
                    w.string(obj.traceparent);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    url: '',
                    headers: [],
                    filter: [],
                    tag: '',
                    digest: uint8ArrayAlloc(0),
                    revalidate: false,
                    renews: uint8ArrayAlloc(0),
                    progress: false,
                    namedByDigest: false,
                    anonymous: false,
                    copy: false,
                    inline: false,
                    traceparent: ''
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.url = reader.string();
                            break;
                        }
                        case 2: {
                            if (opts.limits?.headers != null && obj.headers.length === opts.limits.headers) {
                                throw new MaxLengthError('Decode error - repeated field "headers" had too many elements');
                            }
                            obj.headers.push(Header.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.headers$
                            }));
                            break;
                        }
                        case 3: {
                            if (opts.limits?.filter != null && obj.filter.length === opts.limits.filter) {
                                throw new MaxLengthError('Decode error - repeated field "filter" had too many elements');
                            }
                            obj.filter.push(reader.string());
                            break;
                        }
                        case 4: {
                            obj.tag = reader.string();
                            break;
                        }
                        case 5: {
                            obj.digest = reader.bytes();
                            break;
                        }
                        case 6: {
                            obj.revalidate = reader.bool();
                            break;
                        }
                        case 7: {
                            obj.renews = reader.bytes();
                            break;
                        }
                        case 8: {
                            obj.progress = reader.bool();
                            break;
                        }
                        case 9: {
                            obj.namedByDigest = reader.bool();
                            break;
                        }
                        case 10: {
                            obj.anonymous = reader.bool();
                            break;
                        }
                        case 11: {
                            obj.copy = reader.bool();
                            break;
                        }
                        case 12: {
                            obj.inline = reader.bool();
                            break;
                        }
                        case 13: {
                            obj.traceparent = reader.string();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const obj = {
                    headers: 0,
                    filter: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.url`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 2: {
                            if (opts.limits?.headers != null && obj.headers === opts.limits.headers) {
                                throw new MaxLengthError('Streaming decode error - repeated field "headers" had too many elements');
                            }
                            for (const evt of Header.codec().stream(reader, reader.uint32(), `${prefix}.headers[]`, {
                                limits: opts.limits?.headers$
                            })) {
                                yield {
                                    ...evt,
                                    index: obj.headers
                                };
                            }
                            obj.headers++;
                            break;
                        }
                        case 3: {
                            if (opts.limits?.filter != null && obj.filter === opts.limits.filter) {
                                throw new MaxLengthError('Streaming decode error - repeated field "filter" had too many elements');
                            }
                            yield {
                                field: `${prefix}.filter[]`,
                                index: obj.filter,
                                value: reader.string()
                            };
                            obj.filter++;
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.tag`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 5: {
                            yield {
                                field: `${prefix}.digest`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 6: {
                            yield {
                                field: `${prefix}.revalidate`,
                                value: reader.bool()
                            };
                            break;
                        }
                        case 7: {
                            yield {
                                field: `${prefix}.renews`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 8: {
                            yield {
                                field: `${prefix}.progress`,
                                value: reader.bool()
                            };
                            break;
                        }
                        case 9: {
                            yield {
                                field: `${prefix}.namedByDigest`,
                                value: reader.bool()
                            };
                            break;
                        }
                        case 10: {
                            yield {
                                field: `${prefix}.anonymous`,
                                value: reader.bool()
                            };
                            break;
                        }
                        case 11: {
                            yield {
                                field: `${prefix}.copy`,
                                value: reader.bool()
                            };
                            break;
                        }
                        case 12: {
                            yield {
                                field: `${prefix}.inline`,
                                value: reader.bool()
                            };
                            break;
                        }
                        case 13: {
                            yield {
                                field: `${prefix}.traceparent`,
                                value: reader.string()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, ResolveRequest.codec());
    }
    ResolveRequest.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, ResolveRequest.codec(), opts);
    }
    ResolveRequest.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, ResolveRequest.codec(), opts);
    }
    ResolveRequest.stream = stream;
})(ResolveRequest || (ResolveRequest = {}));
export var ResolveReply;
(function (ResolveReply) {
    let _codec;
    ResolveReply.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                obj = { ...obj };
                if (obj.progress != null) {
                    obj.granted = undefined;
                    obj.rate = undefined;
                    obj.peers = undefined;
                    obj.failed = undefined;
                    obj.resolved = undefined;
                }
                if (obj.granted != null) {
                    obj.progress = undefined;
                    obj.rate = undefined;
                    obj.peers = undefined;
                    obj.failed = undefined;
                    obj.resolved = undefined;
                }
                if (obj.rate != null) {
                    obj.progress = undefined;
                    obj.granted = undefined;
                    obj.peers = undefined;
                    obj.failed = undefined;
                    obj.resolved = undefined;
                }
                if (obj.peers != null) {
                    obj.progress = undefined;
                    obj.granted = undefined;
                    obj.rate = undefined;
                    obj.failed = undefined;
                    obj.resolved = undefined;
                }
                if (obj.failed != null) {
                    obj.progress = undefined;
                    obj.granted = undefined;
                    obj.rate = undefined;
                    obj.peers = undefined;
                    obj.resolved = undefined;
                }
                if (obj.resolved != null) {
                    obj.progress = undefined;
                    obj.granted = undefined;
                    obj.rate = undefined;
                    obj.peers = undefined;
                    obj.failed = undefined;
                }
                if (obj.resolved != null) {
                    w.uint32(10);
                    Resolved.codec().encode(obj.resolved, w);
                }
                if (obj.failed != null) {
                    w.uint32(18);
                    Failed.codec().encode(obj.failed, w);
                }
                if (obj.peers != null) {
                    w.uint32(26);
                    Peers.codec().encode(obj.peers, w);
                }
                if (obj.rate != null) {
                    w.uint32(34);
                    OriginRate.codec().encode(obj.rate, w);
                }
                if (obj.granted != null) {
                    w.uint32(42);
                    Granted.codec().encode(obj.granted, w);
                }
                if (obj.progress != null) {
                    w.uint32(50);
                    Progress.codec().encode(obj.progress, w);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {};
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.resolved = Resolved.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.resolved
                            });
                            break;
                        }
                        case 2: {
                            obj.failed = Failed.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.failed
                            });
                            break;
                        }
                        case 3: {
                            obj.peers = Peers.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.peers
                            });
                            break;
                        }
                        case 4: {
                            obj.rate = OriginRate.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.rate
                            });
                            break;
                        }
                        case 5: {
                            obj.granted = Granted.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.granted
                            });
                            break;
                        }
                        case 6: {
                            obj.progress = Progress.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.progress
                            });
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                if (obj.progress != null) {
                    delete obj.granted;
                    delete obj.rate;
                    delete obj.peers;
                    delete obj.failed;
                    delete obj.resolved;
                }
                if (obj.granted != null) {
                    delete obj.progress;
                    delete obj.rate;
                    delete obj.peers;
                    delete obj.failed;
                    delete obj.resolved;
                }
                if (obj.rate != null) {
                    delete obj.progress;
                    delete obj.granted;
                    delete obj.peers;
                    delete obj.failed;
                    delete obj.resolved;
                }
                if (obj.peers != null) {
                    delete obj.progress;
                    delete obj.granted;
                    delete obj.rate;
                    delete obj.failed;
                    delete obj.resolved;
                }
                if (obj.failed != null) {
                    delete obj.progress;
                    delete obj.granted;
                    delete obj.rate;
                    delete obj.peers;
                    delete obj.resolved;
                }
                if (obj.resolved != null) {
                    delete obj.progress;
                    delete obj.granted;
                    delete obj.rate;
                    delete obj.peers;
                    delete obj.failed;
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield* Resolved.codec().stream(reader, reader.uint32(), `${prefix}.resolved`, {
                                limits: opts.limits?.resolved
                            });
                            break;
                        }
                        case 2: {
                            yield* Failed.codec().stream(reader, reader.uint32(), `${prefix}.failed`, {
                                limits: opts.limits?.failed
                            });
                            break;
                        }
                        case 3: {
                            yield* Peers.codec().stream(reader, reader.uint32(), `${prefix}.peers`, {
                                limits: opts.limits?.peers
                            });
                            break;
                        }
                        case 4: {
                            yield* OriginRate.codec().stream(reader, reader.uint32(), `${prefix}.rate`, {
                                limits: opts.limits?.rate
                            });
                            break;
                        }
                        case 5: {
                            yield* Granted.codec().stream(reader, reader.uint32(), `${prefix}.granted`, {
                                limits: opts.limits?.granted
                            });
                            break;
                        }
                        case 6: {
                            yield* Progress.codec().stream(reader, reader.uint32(), `${prefix}.progress`, {
                                limits: opts.limits?.progress
                            });
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, ResolveReply.codec());
    }
    ResolveReply.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, ResolveReply.codec(), opts);
    }
    ResolveReply.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, ResolveReply.codec(), opts);
    }
    ResolveReply.stream = stream;
})(ResolveReply || (ResolveReply = {}));
export var Resolved;
(function (Resolved) {
    let _codec;
    Resolved.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.topic != null && obj.topic.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.topic);
                }
                if ((obj.version != null && obj.version !== '')) {
                    w.uint32(18);
                    w.string(obj.version);
                }
                if ((obj.pieceLength != null && obj.pieceLength !== 0)) {
                    w.uint32(24);
                    w.uint32(obj.pieceLength);
                }
                if (obj.length != null) {
                    w.uint32(32);
                    w.uint64Number(obj.length);
                }
                if ((obj.fileName != null && obj.fileName !== '')) {
                    w.uint32(42);
                    w.string(obj.fileName);
                }
                if ((obj.grant != null && obj.grant.byteLength > 0)) {
                    w.uint32(50);
                    w.bytes(obj.grant);
                }
                if ((obj.dhtKey != null && obj.dhtKey.byteLength > 0)) {
                    w.uint32(58);
                    w.bytes(obj.dhtKey);
                }
                if (obj.inline != null) {
                    w.uint32(66);
                    Inline.codec().encode(obj.inline, w);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    topic: uint8ArrayAlloc(0),
                    version: '',
                    pieceLength: 0,
                    fileName: '',
                    grant: uint8ArrayAlloc(0),
                    dhtKey: uint8ArrayAlloc(0)
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.topic = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.version = reader.string();
                            break;
                        }
                        case 3: {
                            obj.pieceLength = reader.uint32();
                            break;
                        }
                        case 4: {
                            obj.length = reader.uint64Number();
                            break;
                        }
                        case 5: {
                            obj.fileName = reader.string();
                            break;
                        }
                        case 6: {
                            obj.grant = reader.bytes();
                            break;
                        }
                        case 7: {
                            obj.dhtKey = reader.bytes();
                            break;
                        }
                        case 8: {
                            obj.inline = Inline.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.inline
                            });
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.topic`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.version`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.pieceLength`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.length`,
                                value: reader.uint64Number()
                            };
                            break;
                        }
                        case 5: {
                            yield {
                                field: `${prefix}.fileName`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 6: {
                            yield {
                                field: `${prefix}.grant`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 7: {
                            yield {
                                field: `${prefix}.dhtKey`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 8: {
                            yield* Inline.codec().stream(reader, reader.uint32(), `${prefix}.inline`, {
                                limits: opts.limits?.inline
                            });
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, Resolved.codec());
    }
    Resolved.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Resolved.codec(), opts);
    }
    Resolved.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Resolved.codec(), opts);
    }
    Resolved.stream = stream;
})(Resolved || (Resolved = {}));
export var Inline;
(function (Inline) {
    let _codec;
    Inline.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.head != null && obj.head.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.head);
                }
                if ((obj.payload != null && obj.payload.byteLength > 0)) {
                    w.uint32(18);
                    w.bytes(obj.payload);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    head: uint8ArrayAlloc(0),
                    payload: uint8ArrayAlloc(0)
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.head = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.payload = reader.bytes();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.head`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.payload`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, Inline.codec());
    }
    Inline.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Inline.codec(), opts);
    }
    Inline.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Inline.codec(), opts);
    }
    Inline.stream = stream;
})(Inline || (Inline = {}));
export var Granted;
(function (Granted) {
    let _codec;
    Granted.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.grant != null && obj.grant.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.grant);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    grant: uint8ArrayAlloc(0)
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.grant = reader.bytes();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.grant`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, Granted.codec());
    }
    Granted.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Granted.codec(), opts);
    }
    Granted.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Granted.codec(), opts);
    }
    Granted.stream = stream;
})(Granted || (Granted = {}));
export var Envelope;
(function (Envelope) {
    let _codec;
    Envelope.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.publicKey != null && obj.publicKey.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.publicKey);
                }
                if ((obj.payloadType != null && obj.payloadType.byteLength > 0)) {
                    w.uint32(18);
                    w.bytes(obj.payloadType);
                }
                if ((obj.payload != null && obj.payload.byteLength > 0)) {
                    w.uint32(26);
                    w.bytes(obj.payload);
                }
                if ((obj.signature != null && obj.signature.byteLength > 0)) {
                    w.uint32(42);
                    w.bytes(obj.signature);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    publicKey: uint8ArrayAlloc(0),
                    payloadType: uint8ArrayAlloc(0),
                    payload: uint8ArrayAlloc(0),
                    signature: uint8ArrayAlloc(0)
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.publicKey = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.payloadType = reader.bytes();
                            break;
                        }
                        case 3: {
                            obj.payload = reader.bytes();
                            break;
                        }
                        case 5: {
                            obj.signature = reader.bytes();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.publicKey`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.payloadType`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.payload`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 5: {
                            yield {
                                field: `${prefix}.signature`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, Envelope.codec());
    }
    Envelope.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Envelope.codec(), opts);
    }
    Envelope.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Envelope.codec(), opts);
    }
    Envelope.stream = stream;
})(Envelope || (Envelope = {}));
export var Grant;
(function (Grant) {
    let _codec;
    Grant.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.peer != null && obj.peer.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.peer);
                }
                if ((obj.topic != null && obj.topic.byteLength > 0)) {
                    w.uint32(18);
                    w.bytes(obj.topic);
                }
                if ((obj.expires != null && obj.expires !== 0)) {
                    w.uint32(24);
                    w.uint64Number(obj.expires);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    peer: uint8ArrayAlloc(0),
                    topic: uint8ArrayAlloc(0),
                    expires: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.peer = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.topic = reader.bytes();
                            break;
                        }
                        case 3: {
                            obj.expires = reader.uint64Number();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.peer`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.topic`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.expires`,
                                value: reader.uint64Number()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, Grant.codec());
    }
    Grant.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Grant.codec(), opts);
    }
    Grant.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Grant.codec(), opts);
    }
    Grant.stream = stream;
})(Grant || (Grant = {}));
export var Failed;
(function (Failed) {
    let _codec;
    Failed.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.code != null && obj.code !== '')) {
                    w.uint32(10);
                    w.string(obj.code);
                }
                if ((obj.message != null && obj.message !== '')) {
                    w.uint32(18);
                    w.string(obj.message);
                }
                if (obj.status != null) {
                    w.uint32(24);
                    w.uint32(obj.status);
                }
                if (obj.retryAfterMs != null) {
                    w.uint32(32);
                    w.uint32(obj.retryAfterMs);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    code: '',
                    message: ''
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.code = reader.string();
                            break;
                        }
                        case 2: {
                            obj.message = reader.string();
                            break;
                        }
                        case 3: {
                            obj.status = reader.uint32();
                            break;
                        }
                        case 4: {
                            obj.retryAfterMs = reader.uint32();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.code`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.message`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.status`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.retryAfterMs`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, Failed.codec());
    }
    Failed.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Failed.codec(), opts);
    }
    Failed.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Failed.codec(), opts);
    }
    Failed.stream = stream;
})(Failed || (Failed = {}));
export var Progress;
(function (Progress) {
    let _codec;
    Progress.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.bytes != null && obj.bytes !== 0)) {
                    w.uint32(8);
                    w.uint64Number(obj.bytes);
                }
                if (obj.length != null) {
                    w.uint32(16);
                    w.uint64Number(obj.length);
                }
                if ((obj.sha256 != null && obj.sha256.byteLength > 0)) {
                    w.uint32(26);
                    w.bytes(obj.sha256);
                }
                if ((obj.wasHere != null && obj.wasHere !== false)) {
                    w.uint32(32);
                    w.bool(obj.wasHere);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    bytes: 0,
                    sha256: uint8ArrayAlloc(0),
                    wasHere: false
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.bytes = reader.uint64Number();
                            break;
                        }
                        case 2: {
                            obj.length = reader.uint64Number();
                            break;
                        }
                        case 3: {
                            obj.sha256 = reader.bytes();
                            break;
                        }
                        case 4: {
                            obj.wasHere = reader.bool();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.bytes`,
                                value: reader.uint64Number()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.length`,
                                value: reader.uint64Number()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.sha256`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.wasHere`,
                                value: reader.bool()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, Progress.codec());
    }
    Progress.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Progress.codec(), opts);
    }
    Progress.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Progress.codec(), opts);
    }
    Progress.stream = stream;
})(Progress || (Progress = {}));
export var OriginRate;
(function (OriginRate) {
    let _codec;
    OriginRate.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.rate != null && obj.rate !== 0)) {
                    w.uint32(8);
                    w.uint64Number(obj.rate);
                }
                if ((obj.peers != null && obj.peers !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.peers);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    rate: 0,
                    peers: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.rate = reader.uint64Number();
                            break;
                        }
                        case 2: {
                            obj.peers = reader.uint32();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.rate`,
                                value: reader.uint64Number()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.peers`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, OriginRate.codec());
    }
    OriginRate.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, OriginRate.codec(), opts);
    }
    OriginRate.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, OriginRate.codec(), opts);
    }
    OriginRate.stream = stream;
})(OriginRate || (OriginRate = {}));
export var MemberRole;
(function (MemberRole) {
    MemberRole["MEMBER"] = "MEMBER";
    MemberRole["DEDICATED"] = "DEDICATED";
})(MemberRole || (MemberRole = {}));
var __MemberRoleValues;
(function (__MemberRoleValues) {
    __MemberRoleValues[__MemberRoleValues["MEMBER"] = 0] = "MEMBER";
    __MemberRoleValues[__MemberRoleValues["DEDICATED"] = 1] = "DEDICATED";
})(__MemberRoleValues || (__MemberRoleValues = {}));
(function (MemberRole) {
    MemberRole.codec = () => {
        return enumeration(__MemberRoleValues);
    };
})(MemberRole || (MemberRole = {}));
export var MemberState;
(function (MemberState) {
    MemberState["ALIVE"] = "ALIVE";
    MemberState["LEFT"] = "LEFT";
    MemberState["DEAD"] = "DEAD";
})(MemberState || (MemberState = {}));
var __MemberStateValues;
(function (__MemberStateValues) {
    __MemberStateValues[__MemberStateValues["ALIVE"] = 0] = "ALIVE";
    __MemberStateValues[__MemberStateValues["LEFT"] = 1] = "LEFT";
    __MemberStateValues[__MemberStateValues["DEAD"] = 2] = "DEAD";
})(__MemberStateValues || (__MemberStateValues = {}));
(function (MemberState) {
    MemberState.codec = () => {
        return enumeration(__MemberStateValues);
    };
})(MemberState || (MemberState = {}));
export var MemberRecord;
(function (MemberRecord) {
    let _codec;
    MemberRecord.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.peer != null && obj.peer.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.peer);
                }
                if (obj.addresses != null && obj.addresses.length > 0) {
                    for (const value of obj.addresses) {
                        w.uint32(18);
                        w.bytes(value);
                    }
                }
                if (obj.role != null && __MemberRoleValues[obj.role] !== 0) {
                    w.uint32(24);
                    MemberRole.codec().encode(obj.role, w);
                }
                if (obj.state != null && __MemberStateValues[obj.state] !== 0) {
                    w.uint32(32);
                    MemberState.codec().encode(obj.state, w);
                }
                if ((obj.stamp != null && obj.stamp !== 0)) {
                    w.uint32(40);
                    w.uint64Number(obj.stamp);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    peer: uint8ArrayAlloc(0),
                    addresses: [],
                    role: MemberRole.MEMBER,
                    state: MemberState.ALIVE,
                    stamp: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.peer = reader.bytes();
                            break;
                        }
                        case 2: {
                            if (opts.limits?.addresses != null && obj.addresses.length === opts.limits.addresses) {
                                throw new MaxLengthError('Decode error - repeated field "addresses" had too many elements');
                            }
                            obj.addresses.push(reader.bytes());
                            break;
                        }
                        case 3: {
                            obj.role = MemberRole.codec().decode(reader);
                            break;
                        }
                        case 4: {
                            obj.state = MemberState.codec().decode(reader);
                            break;
                        }
                        case 5: {
                            obj.stamp = reader.uint64Number();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const obj = {
                    addresses: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.peer`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            if (opts.limits?.addresses != null && obj.addresses === opts.limits.addresses) {
                                throw new MaxLengthError('Streaming decode error - repeated field "addresses" had too many elements');
                            }
                            yield {
                                field: `${prefix}.addresses[]`,
                                index: obj.addresses,
                                value: reader.bytes()
                            };
                            obj.addresses++;
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.role`,
                                value: MemberRole.codec().decode(reader)
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.state`,
                                value: MemberState.codec().decode(reader)
                            };
                            break;
                        }
                        case 5: {
                            yield {
                                field: `${prefix}.stamp`,
                                value: reader.uint64Number()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, MemberRecord.codec());
    }
    MemberRecord.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, MemberRecord.codec(), opts);
    }
    MemberRecord.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, MemberRecord.codec(), opts);
    }
    MemberRecord.stream = stream;
})(MemberRecord || (MemberRecord = {}));
export var FleetRequest;
(function (FleetRequest) {
    let _codec;
    FleetRequest.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.proof != null && obj.proof.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.proof);
                }
                if (obj.news != null && obj.news.length > 0) {
                    for (const value of obj.news) {
                        w.uint32(18);
                        MemberRecord.codec().encode(value, w);
                    }
                }
                if ((obj.subject != null && obj.subject !== '')) {
                    w.uint32(26);
                    w.string(obj.subject);
                }
                if ((obj.all != null && obj.all !== false)) {
                    w.uint32(32);
                    w.bool(obj.all);
                }
                if ((obj.view != null && obj.view.byteLength > 0)) {
                    w.uint32(42);
                    w.bytes(obj.view);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    proof: uint8ArrayAlloc(0),
                    news: [],
                    subject: '',
                    all: false,
                    view: uint8ArrayAlloc(0)
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.proof = reader.bytes();
                            break;
                        }
                        case 2: {
                            if (opts.limits?.news != null && obj.news.length === opts.limits.news) {
                                throw new MaxLengthError('Decode error - repeated field "news" had too many elements');
                            }
                            obj.news.push(MemberRecord.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.news$
                            }));
                            break;
                        }
                        case 3: {
                            obj.subject = reader.string();
                            break;
                        }
                        case 4: {
                            obj.all = reader.bool();
                            break;
                        }
                        case 5: {
                            obj.view = reader.bytes();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const obj = {
                    news: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.proof`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            if (opts.limits?.news != null && obj.news === opts.limits.news) {
                                throw new MaxLengthError('Streaming decode error - repeated field "news" had too many elements');
                            }
                            for (const evt of MemberRecord.codec().stream(reader, reader.uint32(), `${prefix}.news[]`, {
                                limits: opts.limits?.news$
                            })) {
                                yield {
                                    ...evt,
                                    index: obj.news
                                };
                            }
                            obj.news++;
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.subject`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.all`,
                                value: reader.bool()
                            };
                            break;
                        }
                        case 5: {
                            yield {
                                field: `${prefix}.view`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, FleetRequest.codec());
    }
    FleetRequest.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, FleetRequest.codec(), opts);
    }
    FleetRequest.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, FleetRequest.codec(), opts);
    }
    FleetRequest.stream = stream;
})(FleetRequest || (FleetRequest = {}));
export var FleetReply;
(function (FleetReply) {
    let _codec;
    FleetReply.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.proof != null && obj.proof.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.proof);
                }
                if (obj.members != null && obj.members.length > 0) {
                    for (const value of obj.members) {
                        w.uint32(18);
                        MemberRecord.codec().encode(value, w);
                    }
                }
                if ((obj.view != null && obj.view.byteLength > 0)) {
                    w.uint32(26);
                    w.bytes(obj.view);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    proof: uint8ArrayAlloc(0),
                    members: [],
                    view: uint8ArrayAlloc(0)
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.proof = reader.bytes();
                            break;
                        }
                        case 2: {
                            if (opts.limits?.members != null && obj.members.length === opts.limits.members) {
                                throw new MaxLengthError('Decode error - repeated field "members" had too many elements');
                            }
                            obj.members.push(MemberRecord.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.members$
                            }));
                            break;
                        }
                        case 3: {
                            obj.view = reader.bytes();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const obj = {
                    members: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.proof`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            if (opts.limits?.members != null && obj.members === opts.limits.members) {
                                throw new MaxLengthError('Streaming decode error - repeated field "members" had too many elements');
                            }
                            for (const evt of MemberRecord.codec().stream(reader, reader.uint32(), `${prefix}.members[]`, {
                                limits: opts.limits?.members$
                            })) {
                                yield {
                                    ...evt,
                                    index: obj.members
                                };
                            }
                            obj.members++;
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.view`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, FleetReply.codec());
    }
    FleetReply.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, FleetReply.codec(), opts);
    }
    FleetReply.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, FleetReply.codec(), opts);
    }
    FleetReply.stream = stream;
})(FleetReply || (FleetReply = {}));
export var StatusRequest;
(function (StatusRequest) {
    let _codec;
    StatusRequest.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.downloads != null && obj.downloads !== 0)) {
                    w.uint32(8);
                    w.uint32(obj.downloads);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    downloads: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.downloads = reader.uint32();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.downloads`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, StatusRequest.codec());
    }
    StatusRequest.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, StatusRequest.codec(), opts);
    }
    StatusRequest.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, StatusRequest.codec(), opts);
    }
    StatusRequest.stream = stream;
})(StatusRequest || (StatusRequest = {}));
export var StatusReply;
(function (StatusReply) {
    let _codec;
    StatusReply.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.version != null && obj.version !== '')) {
                    w.uint32(10);
                    w.string(obj.version);
                }
                if (obj.role != null && __MemberRoleValues[obj.role] !== 0) {
                    w.uint32(16);
                    MemberRole.codec().encode(obj.role, w);
                }
                if ((obj.uptime != null && obj.uptime !== 0)) {
                    w.uint32(24);
                    w.uint32(obj.uptime);
                }
                if ((obj.lagMs != null && obj.lagMs !== 0)) {
                    w.uint32(32);
                    w.uint32(obj.lagMs);
                }
                if ((obj.busy != null && obj.busy !== 0)) {
                    w.uint32(40);
                    w.uint32(obj.busy);
                }
                if ((obj.down != null && obj.down !== 0)) {
                    w.uint32(48);
                    w.uint64Number(obj.down);
                }
                if ((obj.up != null && obj.up !== 0)) {
                    w.uint32(56);
                    w.uint64Number(obj.up);
                }
                if (obj.limitDown != null) {
                    w.uint32(64);
                    w.uint64Number(obj.limitDown);
                }
                if (obj.limitUp != null) {
                    w.uint32(72);
                    w.uint64Number(obj.limitUp);
                }
                if (obj.limitTotal != null) {
                    w.uint32(80);
                    w.uint64Number(obj.limitTotal);
                }
                if (obj.disk != null) {
                    w.uint32(90);
                    DiskUse.codec().encode(obj.disk, w);
                }
                if ((obj.contents != null && obj.contents !== 0)) {
                    w.uint32(96);
                    w.uint32(obj.contents);
                }
                if ((obj.running != null && obj.running !== 0)) {
                    w.uint32(104);
                    w.uint32(obj.running);
                }
                if ((obj.hidden != null && obj.hidden !== 0)) {
                    w.uint32(112);
                    w.uint32(obj.hidden);
                }
                if (obj.slowest != null && obj.slowest.length > 0) {
                    for (const value of obj.slowest) {
                        w.uint32(122);
                        SlowDownload.codec().encode(value, w);
                    }
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    version: '',
                    role: MemberRole.MEMBER,
                    uptime: 0,
                    lagMs: 0,
                    busy: 0,
                    down: 0,
                    up: 0,
                    contents: 0,
                    running: 0,
                    hidden: 0,
                    slowest: []
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.version = reader.string();
                            break;
                        }
                        case 2: {
                            obj.role = MemberRole.codec().decode(reader);
                            break;
                        }
                        case 3: {
                            obj.uptime = reader.uint32();
                            break;
                        }
                        case 4: {
                            obj.lagMs = reader.uint32();
                            break;
                        }
                        case 5: {
                            obj.busy = reader.uint32();
                            break;
                        }
                        case 6: {
                            obj.down = reader.uint64Number();
                            break;
                        }
                        case 7: {
                            obj.up = reader.uint64Number();
                            break;
                        }
                        case 8: {
                            obj.limitDown = reader.uint64Number();
                            break;
                        }
                        case 9: {
                            obj.limitUp = reader.uint64Number();
                            break;
                        }
                        case 10: {
                            obj.limitTotal = reader.uint64Number();
                            break;
                        }
                        case 11: {
                            obj.disk = DiskUse.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.disk
                            });
                            break;
                        }
                        case 12: {
                            obj.contents = reader.uint32();
                            break;
                        }
                        case 13: {
                            obj.running = reader.uint32();
                            break;
                        }
                        case 14: {
                            obj.hidden = reader.uint32();
                            break;
                        }
                        case 15: {
                            if (opts.limits?.slowest != null && obj.slowest.length === opts.limits.slowest) {
                                throw new MaxLengthError('Decode error - repeated field "slowest" had too many elements');
                            }
                            obj.slowest.push(SlowDownload.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.slowest$
                            }));
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const obj = {
                    slowest: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.version`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.role`,
                                value: MemberRole.codec().decode(reader)
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.uptime`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.lagMs`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 5: {
                            yield {
                                field: `${prefix}.busy`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 6: {
                            yield {
                                field: `${prefix}.down`,
                                value: reader.uint64Number()
                            };
                            break;
                        }
                        case 7: {
                            yield {
                                field: `${prefix}.up`,
                                value: reader.uint64Number()
                            };
                            break;
                        }
                        case 8: {
                            yield {
                                field: `${prefix}.limitDown`,
                                value: reader.uint64Number()
                            };
                            break;
                        }
                        case 9: {
                            yield {
                                field: `${prefix}.limitUp`,
                                value: reader.uint64Number()
                            };
                            break;
                        }
                        case 10: {
                            yield {
                                field: `${prefix}.limitTotal`,
                                value: reader.uint64Number()
                            };
                            break;
                        }
                        case 11: {
                            yield* DiskUse.codec().stream(reader, reader.uint32(), `${prefix}.disk`, {
                                limits: opts.limits?.disk
                            });
                            break;
                        }
                        case 12: {
                            yield {
                                field: `${prefix}.contents`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 13: {
                            yield {
                                field: `${prefix}.running`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 14: {
                            yield {
                                field: `${prefix}.hidden`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 15: {
                            if (opts.limits?.slowest != null && obj.slowest === opts.limits.slowest) {
                                throw new MaxLengthError('Streaming decode error - repeated field "slowest" had too many elements');
                            }
                            for (const evt of SlowDownload.codec().stream(reader, reader.uint32(), `${prefix}.slowest[]`, {
                                limits: opts.limits?.slowest$
                            })) {
                                yield {
                                    ...evt,
                                    index: obj.slowest
                                };
                            }
                            obj.slowest++;
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, StatusReply.codec());
    }
    StatusReply.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, StatusReply.codec(), opts);
    }
    StatusReply.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, StatusReply.codec(), opts);
    }
    StatusReply.stream = stream;
})(StatusReply || (StatusReply = {}));
export var DiskUse;
(function (DiskUse) {
    let _codec;
    DiskUse.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.used != null && obj.used !== 0)) {
                    w.uint32(8);
                    w.uint64Number(obj.used);
                }
                if (obj.quota != null) {
                    w.uint32(16);
                    w.uint64Number(obj.quota);
                }
                if ((obj.free != null && obj.free !== 0)) {
                    w.uint32(24);
                    w.uint64Number(obj.free);
                }
                if ((obj.inTrouble != null && obj.inTrouble !== false)) {
                    w.uint32(32);
                    w.bool(obj.inTrouble);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    used: 0,
                    free: 0,
                    inTrouble: false
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.used = reader.uint64Number();
                            break;
                        }
                        case 2: {
                            obj.quota = reader.uint64Number();
                            break;
                        }
                        case 3: {
                            obj.free = reader.uint64Number();
                            break;
                        }
                        case 4: {
                            obj.inTrouble = reader.bool();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.used`,
                                value: reader.uint64Number()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.quota`,
                                value: reader.uint64Number()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.free`,
                                value: reader.uint64Number()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.inTrouble`,
                                value: reader.bool()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, DiskUse.codec());
    }
    DiskUse.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, DiskUse.codec(), opts);
    }
    DiskUse.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, DiskUse.codec(), opts);
    }
    DiskUse.stream = stream;
})(DiskUse || (DiskUse = {}));
export var SlowDownload;
(function (SlowDownload) {
    let _codec;
    SlowDownload.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.url != null && obj.url !== '')) {
                    w.uint32(10);
                    w.string(obj.url);
                }
                if ((obj.bytes != null && obj.bytes !== 0)) {
                    w.uint32(16);
                    w.uint64Number(obj.bytes);
                }
                if (obj.length != null) {
                    w.uint32(24);
                    w.uint64Number(obj.length);
                }
                if ((obj.rate != null && obj.rate !== 0)) {
                    w.uint32(32);
                    w.uint64Number(obj.rate);
                }
                if ((obj.cause != null && obj.cause !== 0)) {
                    w.uint32(40);
                    w.uint32(obj.cause);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    url: '',
                    bytes: 0,
                    rate: 0,
                    cause: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.url = reader.string();
                            break;
                        }
                        case 2: {
                            obj.bytes = reader.uint64Number();
                            break;
                        }
                        case 3: {
                            obj.length = reader.uint64Number();
                            break;
                        }
                        case 4: {
                            obj.rate = reader.uint64Number();
                            break;
                        }
                        case 5: {
                            obj.cause = reader.uint32();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.url`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.bytes`,
                                value: reader.uint64Number()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.length`,
                                value: reader.uint64Number()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.rate`,
                                value: reader.uint64Number()
                            };
                            break;
                        }
                        case 5: {
                            yield {
                                field: `${prefix}.cause`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, SlowDownload.codec());
    }
    SlowDownload.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, SlowDownload.codec(), opts);
    }
    SlowDownload.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, SlowDownload.codec(), opts);
    }
    SlowDownload.stream = stream;
})(SlowDownload || (SlowDownload = {}));
export var TreeRequest;
(function (TreeRequest) {
    let _codec;
    TreeRequest.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.url != null && obj.url !== '')) {
                    w.uint32(10);
                    w.string(obj.url);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    url: ''
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.url = reader.string();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.url`,
                                value: reader.string()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, TreeRequest.codec());
    }
    TreeRequest.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, TreeRequest.codec(), opts);
    }
    TreeRequest.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, TreeRequest.codec(), opts);
    }
    TreeRequest.stream = stream;
})(TreeRequest || (TreeRequest = {}));
export var TreeReply;
(function (TreeReply) {
    let _codec;
    TreeReply.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                obj = { ...obj };
                if (obj.failed != null) {
                    obj.tree = undefined;
                    obj.waiting = undefined;
                }
                if (obj.tree != null) {
                    obj.failed = undefined;
                    obj.waiting = undefined;
                }
                if (obj.waiting != null) {
                    obj.failed = undefined;
                    obj.tree = undefined;
                }
                if (obj.waiting != null) {
                    w.uint32(10);
                    TreeWaiting.codec().encode(obj.waiting, w);
                }
                if (obj.tree != null) {
                    w.uint32(18);
                    SignedTree.codec().encode(obj.tree, w);
                }
                if (obj.failed != null) {
                    w.uint32(26);
                    Failed.codec().encode(obj.failed, w);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {};
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.waiting = TreeWaiting.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.waiting
                            });
                            break;
                        }
                        case 2: {
                            obj.tree = SignedTree.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.tree
                            });
                            break;
                        }
                        case 3: {
                            obj.failed = Failed.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.failed
                            });
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                if (obj.failed != null) {
                    delete obj.tree;
                    delete obj.waiting;
                }
                if (obj.tree != null) {
                    delete obj.failed;
                    delete obj.waiting;
                }
                if (obj.waiting != null) {
                    delete obj.failed;
                    delete obj.tree;
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield* TreeWaiting.codec().stream(reader, reader.uint32(), `${prefix}.waiting`, {
                                limits: opts.limits?.waiting
                            });
                            break;
                        }
                        case 2: {
                            yield* SignedTree.codec().stream(reader, reader.uint32(), `${prefix}.tree`, {
                                limits: opts.limits?.tree
                            });
                            break;
                        }
                        case 3: {
                            yield* Failed.codec().stream(reader, reader.uint32(), `${prefix}.failed`, {
                                limits: opts.limits?.failed
                            });
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, TreeReply.codec());
    }
    TreeReply.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, TreeReply.codec(), opts);
    }
    TreeReply.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, TreeReply.codec(), opts);
    }
    TreeReply.stream = stream;
})(TreeReply || (TreeReply = {}));
export var TreeWaiting;
(function (TreeWaiting) {
    let _codec;
    TreeWaiting.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {};
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, TreeWaiting.codec());
    }
    TreeWaiting.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, TreeWaiting.codec(), opts);
    }
    TreeWaiting.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, TreeWaiting.codec(), opts);
    }
    TreeWaiting.stream = stream;
})(TreeWaiting || (TreeWaiting = {}));
export var SignedTree;
(function (SignedTree) {
    let _codec;
    SignedTree.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.envelope != null && obj.envelope.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.envelope);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    envelope: uint8ArrayAlloc(0)
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.envelope = reader.bytes();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.envelope`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, SignedTree.codec());
    }
    SignedTree.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, SignedTree.codec(), opts);
    }
    SignedTree.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, SignedTree.codec(), opts);
    }
    SignedTree.stream = stream;
})(SignedTree || (SignedTree = {}));
export var TreeHead;
(function (TreeHead) {
    let _codec;
    TreeHead.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.url != null && obj.url !== '')) {
                    w.uint32(10);
                    w.string(obj.url);
                }
                if ((obj.root != null && obj.root !== '')) {
                    w.uint32(18);
                    w.string(obj.root);
                }
                if ((obj.length != null && obj.length !== 0)) {
                    w.uint32(24);
                    w.uint64Number(obj.length);
                }
                if ((obj.listedAt != null && obj.listedAt !== 0)) {
                    w.uint32(32);
                    w.uint64Number(obj.listedAt);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    url: '',
                    root: '',
                    length: 0,
                    listedAt: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.url = reader.string();
                            break;
                        }
                        case 2: {
                            obj.root = reader.string();
                            break;
                        }
                        case 3: {
                            obj.length = reader.uint64Number();
                            break;
                        }
                        case 4: {
                            obj.listedAt = reader.uint64Number();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.url`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.root`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.length`,
                                value: reader.uint64Number()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.listedAt`,
                                value: reader.uint64Number()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, TreeHead.codec());
    }
    TreeHead.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, TreeHead.codec(), opts);
    }
    TreeHead.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, TreeHead.codec(), opts);
    }
    TreeHead.stream = stream;
})(TreeHead || (TreeHead = {}));
export var Trust;
(function (Trust) {
    Trust["SEED"] = "SEED";
    Trust["DIGEST"] = "DIGEST";
    Trust["ORIGIN"] = "ORIGIN";
})(Trust || (Trust = {}));
var __TrustValues;
(function (__TrustValues) {
    __TrustValues[__TrustValues["SEED"] = 0] = "SEED";
    __TrustValues[__TrustValues["DIGEST"] = 1] = "DIGEST";
    __TrustValues[__TrustValues["ORIGIN"] = 2] = "ORIGIN";
})(__TrustValues || (__TrustValues = {}));
(function (Trust) {
    Trust.codec = () => {
        return enumeration(__TrustValues);
    };
})(Trust || (Trust = {}));
export var StoredInfo;
(function (StoredInfo) {
    let _codec;
    StoredInfo.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.task != null && obj.task !== '')) {
                    w.uint32(10);
                    w.string(obj.task);
                }
                if ((obj.version != null && obj.version !== '')) {
                    w.uint32(18);
                    w.string(obj.version);
                }
                if ((obj.pieceLength != null && obj.pieceLength !== 0)) {
                    w.uint32(24);
                    w.uint32(obj.pieceLength);
                }
                if (obj.length != null) {
                    w.uint32(32);
                    w.uint64Number(obj.length);
                }
                if ((obj.fileName != null && obj.fileName !== '')) {
                    w.uint32(42);
                    w.string(obj.fileName);
                }
                if (obj.trust != null && __TrustValues[obj.trust] !== 0) {
                    w.uint32(48);
                    Trust.codec().encode(obj.trust, w);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    task: '',
                    version: '',
                    pieceLength: 0,
                    fileName: '',
                    trust: Trust.SEED
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.task = reader.string();
                            break;
                        }
                        case 2: {
                            obj.version = reader.string();
                            break;
                        }
                        case 3: {
                            obj.pieceLength = reader.uint32();
                            break;
                        }
                        case 4: {
                            obj.length = reader.uint64Number();
                            break;
                        }
                        case 5: {
                            obj.fileName = reader.string();
                            break;
                        }
                        case 6: {
                            obj.trust = Trust.codec().decode(reader);
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.task`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.version`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.pieceLength`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.length`,
                                value: reader.uint64Number()
                            };
                            break;
                        }
                        case 5: {
                            yield {
                                field: `${prefix}.fileName`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 6: {
                            yield {
                                field: `${prefix}.trust`,
                                value: Trust.codec().decode(reader)
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, StoredInfo.codec());
    }
    StoredInfo.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, StoredInfo.codec(), opts);
    }
    StoredInfo.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, StoredInfo.codec(), opts);
    }
    StoredInfo.stream = stream;
})(StoredInfo || (StoredInfo = {}));
export var StoredAnswer;
(function (StoredAnswer) {
    let _codec;
    StoredAnswer.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.status != null && obj.status !== 0)) {
                    w.uint32(8);
                    w.uint32(obj.status);
                }
                if (obj.fields != null && obj.fields.length > 0) {
                    for (const value of obj.fields) {
                        w.uint32(18);
                        Header.codec().encode(value, w);
                    }
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    status: 0,
                    fields: []
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.status = reader.uint32();
                            break;
                        }
                        case 2: {
                            if (opts.limits?.fields != null && obj.fields.length === opts.limits.fields) {
                                throw new MaxLengthError('Decode error - repeated field "fields" had too many elements');
                            }
                            obj.fields.push(Header.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.fields$
                            }));
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const obj = {
                    fields: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.status`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 2: {
                            if (opts.limits?.fields != null && obj.fields === opts.limits.fields) {
                                throw new MaxLengthError('Streaming decode error - repeated field "fields" had too many elements');
                            }
                            for (const evt of Header.codec().stream(reader, reader.uint32(), `${prefix}.fields[]`, {
                                limits: opts.limits?.fields$
                            })) {
                                yield {
                                    ...evt,
                                    index: obj.fields
                                };
                            }
                            obj.fields++;
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, StoredAnswer.codec());
    }
    StoredAnswer.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, StoredAnswer.codec(), opts);
    }
    StoredAnswer.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, StoredAnswer.codec(), opts);
    }
    StoredAnswer.stream = stream;
})(StoredAnswer || (StoredAnswer = {}));
export var StoredFreshness;
(function (StoredFreshness) {
    let _codec;
    StoredFreshness.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.at != null && obj.at !== 0)) {
                    w.uint32(8);
                    w.uint64Number(obj.at);
                }
                if (obj.answers != null && obj.answers.length > 0) {
                    for (const value of obj.answers) {
                        w.uint32(18);
                        StoredAnswer.codec().encode(value, w);
                    }
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    at: 0,
                    answers: []
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.at = reader.uint64Number();
                            break;
                        }
                        case 2: {
                            if (opts.limits?.answers != null && obj.answers.length === opts.limits.answers) {
                                throw new MaxLengthError('Decode error - repeated field "answers" had too many elements');
                            }
                            obj.answers.push(StoredAnswer.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.answers$
                            }));
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const obj = {
                    answers: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.at`,
                                value: reader.uint64Number()
                            };
                            break;
                        }
                        case 2: {
                            if (opts.limits?.answers != null && obj.answers === opts.limits.answers) {
                                throw new MaxLengthError('Streaming decode error - repeated field "answers" had too many elements');
                            }
                            for (const evt of StoredAnswer.codec().stream(reader, reader.uint32(), `${prefix}.answers[]`, {
                                limits: opts.limits?.answers$
                            })) {
                                yield {
                                    ...evt,
                                    index: obj.answers
                                };
                            }
                            obj.answers++;
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, StoredFreshness.codec());
    }
    StoredFreshness.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, StoredFreshness.codec(), opts);
    }
    StoredFreshness.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, StoredFreshness.codec(), opts);
    }
    StoredFreshness.stream = stream;
})(StoredFreshness || (StoredFreshness = {}));
export var StoreRecord;
(function (StoreRecord) {
    let _codec;
    StoreRecord.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                obj = { ...obj };
                if (obj.freshness != null) {
                    obj.seal = undefined;
                    obj.head = undefined;
                    obj.part = undefined;
                    obj.info = undefined;
                }
                if (obj.seal != null) {
                    obj.freshness = undefined;
                    obj.head = undefined;
                    obj.part = undefined;
                    obj.info = undefined;
                }
                if (obj.head != null) {
                    obj.freshness = undefined;
                    obj.seal = undefined;
                    obj.part = undefined;
                    obj.info = undefined;
                }
                if (obj.part != null) {
                    obj.freshness = undefined;
                    obj.seal = undefined;
                    obj.head = undefined;
                    obj.info = undefined;
                }
                if (obj.info != null) {
                    obj.freshness = undefined;
                    obj.seal = undefined;
                    obj.head = undefined;
                    obj.part = undefined;
                }
                if ((obj.format != null && obj.format !== 0)) {
                    w.uint32(8);
                    w.uint32(obj.format);
                }
                if (obj.info != null) {
                    w.uint32(18);
                    StoredInfo.codec().encode(obj.info, w);
                }
                if (obj.part != null) {
                    w.uint32(26);
                    ManifestPart.codec().encode(obj.part, w);
                }
                if (obj.head != null) {
                    w.uint32(34);
                    SignedHead.codec().encode(obj.head, w);
                }
                if (obj.seal != null) {
                    w.uint32(42);
                    Seal.codec().encode(obj.seal, w);
                }
                if (obj.freshness != null) {
                    w.uint32(50);
                    StoredFreshness.codec().encode(obj.freshness, w);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    format: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.format = reader.uint32();
                            break;
                        }
                        case 2: {
                            obj.info = StoredInfo.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.info
                            });
                            break;
                        }
                        case 3: {
                            obj.part = ManifestPart.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.part
                            });
                            break;
                        }
                        case 4: {
                            obj.head = SignedHead.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.head
                            });
                            break;
                        }
                        case 5: {
                            obj.seal = Seal.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.seal
                            });
                            break;
                        }
                        case 6: {
                            obj.freshness = StoredFreshness.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.freshness
                            });
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                if (obj.freshness != null) {
                    delete obj.seal;
                    delete obj.head;
                    delete obj.part;
                    delete obj.info;
                }
                if (obj.seal != null) {
                    delete obj.freshness;
                    delete obj.head;
                    delete obj.part;
                    delete obj.info;
                }
                if (obj.head != null) {
                    delete obj.freshness;
                    delete obj.seal;
                    delete obj.part;
                    delete obj.info;
                }
                if (obj.part != null) {
                    delete obj.freshness;
                    delete obj.seal;
                    delete obj.head;
                    delete obj.info;
                }
                if (obj.info != null) {
                    delete obj.freshness;
                    delete obj.seal;
                    delete obj.head;
                    delete obj.part;
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.format`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 2: {
                            yield* StoredInfo.codec().stream(reader, reader.uint32(), `${prefix}.info`, {
                                limits: opts.limits?.info
                            });
                            break;
                        }
                        case 3: {
                            yield* ManifestPart.codec().stream(reader, reader.uint32(), `${prefix}.part`, {
                                limits: opts.limits?.part
                            });
                            break;
                        }
                        case 4: {
                            yield* SignedHead.codec().stream(reader, reader.uint32(), `${prefix}.head`, {
                                limits: opts.limits?.head
                            });
                            break;
                        }
                        case 5: {
                            yield* Seal.codec().stream(reader, reader.uint32(), `${prefix}.seal`, {
                                limits: opts.limits?.seal
                            });
                            break;
                        }
                        case 6: {
                            yield* StoredFreshness.codec().stream(reader, reader.uint32(), `${prefix}.freshness`, {
                                limits: opts.limits?.freshness
                            });
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, StoreRecord.codec());
    }
    StoreRecord.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, StoreRecord.codec(), opts);
    }
    StoreRecord.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, StoreRecord.codec(), opts);
    }
    StoreRecord.stream = stream;
})(StoreRecord || (StoreRecord = {}));
