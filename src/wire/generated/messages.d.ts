// Generated from messages.proto by scripts/proto.sh: do not edit.
import type { Codec, DecodeOptions } from 'protons-runtime';
import type { Uint8ArrayList } from 'uint8arraylist';
export interface Control {
    hello?: Hello;
    refused?: Refused;
    part?: ManifestPart;
    head?: SignedHead;
    pieces?: Pieces;
    have?: Have;
    peers?: Peers;
    chunksWanted?: ChunksWanted;
    chunks?: Chunks;
    rootPeers?: RootPeers;
}
export declare namespace Control {
    const codec: () => Codec<Control>;
    interface ControlHelloTopicFieldEvent {
        field: '$.hello.topic';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ControlHelloProofFieldEvent {
        field: '$.hello.proof';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ControlHelloVersionFieldEvent {
        field: '$.hello.version';
        value: string;
    }
    interface ControlHelloManifestCountFieldEvent {
        field: '$.hello.manifestCount';
        value: number;
    }
    interface ControlHelloLinksFieldEvent {
        field: '$.hello.links';
        value: number;
    }
    interface ControlHelloGrantFieldEvent {
        field: '$.hello.grant';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ControlRefusedReasonFieldEvent {
        field: '$.refused.reason';
        value: Reason;
    }
    interface ControlRefusedPeersIdFieldEvent {
        field: '$.refused.peers[].id';
        value: Uint8Array<ArrayBuffer>;
        index: number;
    }
    interface ControlRefusedPeersAddressesFieldEvent {
        field: '$.refused.peers[].addresses[]';
        index: number;
        value: Uint8Array<ArrayBuffer>;
    }
    interface ControlPartFromFieldEvent {
        field: '$.part.from';
        value: number;
    }
    interface ControlPartDigestsFieldEvent {
        field: '$.part.digests';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ControlHeadEnvelopeFieldEvent {
        field: '$.head.envelope';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ControlPiecesSizeFieldEvent {
        field: '$.pieces.size';
        value: number;
    }
    interface ControlPiecesBitsFieldEvent {
        field: '$.pieces.bits';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ControlPiecesQueueFieldEvent {
        field: '$.pieces.queue';
        value: number;
    }
    interface ControlHavePiecesFieldEvent {
        field: '$.have.pieces[]';
        index: number;
        value: number;
    }
    interface ControlHaveQueueFieldEvent {
        field: '$.have.queue';
        value: number;
    }
    interface ControlPeersPeersIdFieldEvent {
        field: '$.peers.peers[].id';
        value: Uint8Array<ArrayBuffer>;
        index: number;
    }
    interface ControlPeersPeersAddressesFieldEvent {
        field: '$.peers.peers[].addresses[]';
        index: number;
        value: Uint8Array<ArrayBuffer>;
    }
    interface ControlPeersLinksFieldEvent {
        field: '$.peers.links';
        value: number;
    }
    interface ControlChunksWantedFromFieldEvent {
        field: '$.chunksWanted.from';
        value: number;
    }
    interface ControlChunksCountFieldEvent {
        field: '$.chunks.count';
        value: number;
    }
    interface ControlChunksAverageFieldEvent {
        field: '$.chunks.average';
        value: number;
    }
    interface ControlChunksFromFieldEvent {
        field: '$.chunks.from';
        value: number;
    }
    interface ControlChunksEntriesFieldEvent {
        field: '$.chunks.entries';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ControlRootPeersPeersIdFieldEvent {
        field: '$.rootPeers.peers[].id';
        value: Uint8Array<ArrayBuffer>;
        index: number;
    }
    interface ControlRootPeersPeersAddressesFieldEvent {
        field: '$.rootPeers.peers[].addresses[]';
        index: number;
        value: Uint8Array<ArrayBuffer>;
    }
    function encode(obj: Partial<Control>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Control>): Control;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Control>): Generator<ControlHelloTopicFieldEvent | ControlHelloProofFieldEvent | ControlHelloVersionFieldEvent | ControlHelloManifestCountFieldEvent | ControlHelloLinksFieldEvent | ControlHelloGrantFieldEvent | ControlRefusedReasonFieldEvent | ControlRefusedPeersIdFieldEvent | ControlRefusedPeersAddressesFieldEvent | ControlPartFromFieldEvent | ControlPartDigestsFieldEvent | ControlHeadEnvelopeFieldEvent | ControlPiecesSizeFieldEvent | ControlPiecesBitsFieldEvent | ControlPiecesQueueFieldEvent | ControlHavePiecesFieldEvent | ControlHaveQueueFieldEvent | ControlPeersPeersIdFieldEvent | ControlPeersPeersAddressesFieldEvent | ControlPeersLinksFieldEvent | ControlChunksWantedFromFieldEvent | ControlChunksCountFieldEvent | ControlChunksAverageFieldEvent | ControlChunksFromFieldEvent | ControlChunksEntriesFieldEvent | ControlRootPeersPeersIdFieldEvent | ControlRootPeersPeersAddressesFieldEvent>;
}
export interface Hello {
    topic: Uint8Array<ArrayBuffer>;
    proof: Uint8Array<ArrayBuffer>;
    version: string;
    manifestCount: number;
    links: number;
    grant: Uint8Array<ArrayBuffer>;
}
export declare namespace Hello {
    const codec: () => Codec<Hello>;
    interface HelloTopicFieldEvent {
        field: '$.topic';
        value: Uint8Array<ArrayBuffer>;
    }
    interface HelloProofFieldEvent {
        field: '$.proof';
        value: Uint8Array<ArrayBuffer>;
    }
    interface HelloVersionFieldEvent {
        field: '$.version';
        value: string;
    }
    interface HelloManifestCountFieldEvent {
        field: '$.manifestCount';
        value: number;
    }
    interface HelloLinksFieldEvent {
        field: '$.links';
        value: number;
    }
    interface HelloGrantFieldEvent {
        field: '$.grant';
        value: Uint8Array<ArrayBuffer>;
    }
    function encode(obj: Partial<Hello>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Hello>): Hello;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Hello>): Generator<HelloTopicFieldEvent | HelloProofFieldEvent | HelloVersionFieldEvent | HelloManifestCountFieldEvent | HelloLinksFieldEvent | HelloGrantFieldEvent>;
}
export declare enum Reason {
    UNKNOWN_TOPIC = "UNKNOWN_TOPIC",
    BAD_PROOF = "BAD_PROOF",
    OTHER_VERSION = "OTHER_VERSION",
    TOO_BUSY = "TOO_BUSY",
    GOING_AWAY = "GOING_AWAY",
    NO_SUCH_PIECE = "NO_SUCH_PIECE",
    CANCELLED = "CANCELLED"
}
export declare namespace Reason {
    const codec: () => Codec<Reason>;
}
export interface Refused {
    reason: Reason;
    peers: PeerAddress[];
}
export declare namespace Refused {
    const codec: () => Codec<Refused>;
    interface RefusedReasonFieldEvent {
        field: '$.reason';
        value: Reason;
    }
    interface RefusedPeersIdFieldEvent {
        field: '$.peers[].id';
        value: Uint8Array<ArrayBuffer>;
        index: number;
    }
    interface RefusedPeersAddressesFieldEvent {
        field: '$.peers[].addresses[]';
        index: number;
        value: Uint8Array<ArrayBuffer>;
    }
    function encode(obj: Partial<Refused>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Refused>): Refused;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Refused>): Generator<RefusedReasonFieldEvent | RefusedPeersIdFieldEvent | RefusedPeersAddressesFieldEvent>;
}
export interface ManifestPart {
    from: number;
    digests: Uint8Array<ArrayBuffer>;
}
export declare namespace ManifestPart {
    const codec: () => Codec<ManifestPart>;
    interface ManifestPartFromFieldEvent {
        field: '$.from';
        value: number;
    }
    interface ManifestPartDigestsFieldEvent {
        field: '$.digests';
        value: Uint8Array<ArrayBuffer>;
    }
    function encode(obj: Partial<ManifestPart>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ManifestPart>): ManifestPart;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ManifestPart>): Generator<ManifestPartFromFieldEvent | ManifestPartDigestsFieldEvent>;
}
export interface SignedHead {
    envelope: Uint8Array<ArrayBuffer>;
}
export declare namespace SignedHead {
    const codec: () => Codec<SignedHead>;
    interface SignedHeadEnvelopeFieldEvent {
        field: '$.envelope';
        value: Uint8Array<ArrayBuffer>;
    }
    function encode(obj: Partial<SignedHead>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SignedHead>): SignedHead;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SignedHead>): Generator<SignedHeadEnvelopeFieldEvent>;
}
export interface Head {
    task: string;
    version: string;
    pieceLength: number;
    length?: number;
    fileName: string;
    count: number;
    chain: Uint8Array<ArrayBuffer>;
    seal?: Seal;
}
export declare namespace Head {
    const codec: () => Codec<Head>;
    interface HeadTaskFieldEvent {
        field: '$.task';
        value: string;
    }
    interface HeadVersionFieldEvent {
        field: '$.version';
        value: string;
    }
    interface HeadPieceLengthFieldEvent {
        field: '$.pieceLength';
        value: number;
    }
    interface HeadLengthFieldEvent {
        field: '$.length';
        value: number;
    }
    interface HeadFileNameFieldEvent {
        field: '$.fileName';
        value: string;
    }
    interface HeadCountFieldEvent {
        field: '$.count';
        value: number;
    }
    interface HeadChainFieldEvent {
        field: '$.chain';
        value: Uint8Array<ArrayBuffer>;
    }
    interface HeadSealLengthFieldEvent {
        field: '$.seal.length';
        value: number;
    }
    interface HeadSealSha256FieldEvent {
        field: '$.seal.sha256';
        value: Uint8Array<ArrayBuffer>;
    }
    interface HeadSealRootFieldEvent {
        field: '$.seal.root';
        value: string;
    }
    function encode(obj: Partial<Head>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Head>): Head;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Head>): Generator<HeadTaskFieldEvent | HeadVersionFieldEvent | HeadPieceLengthFieldEvent | HeadLengthFieldEvent | HeadFileNameFieldEvent | HeadCountFieldEvent | HeadChainFieldEvent | HeadSealLengthFieldEvent | HeadSealSha256FieldEvent | HeadSealRootFieldEvent>;
}
export interface Seal {
    length: number;
    sha256: Uint8Array<ArrayBuffer>;
    root: string;
}
export declare namespace Seal {
    const codec: () => Codec<Seal>;
    interface SealLengthFieldEvent {
        field: '$.length';
        value: number;
    }
    interface SealSha256FieldEvent {
        field: '$.sha256';
        value: Uint8Array<ArrayBuffer>;
    }
    interface SealRootFieldEvent {
        field: '$.root';
        value: string;
    }
    function encode(obj: Partial<Seal>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Seal>): Seal;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Seal>): Generator<SealLengthFieldEvent | SealSha256FieldEvent | SealRootFieldEvent>;
}
export interface Pieces {
    size: number;
    bits: Uint8Array<ArrayBuffer>;
    queue: number;
}
export declare namespace Pieces {
    const codec: () => Codec<Pieces>;
    interface PiecesSizeFieldEvent {
        field: '$.size';
        value: number;
    }
    interface PiecesBitsFieldEvent {
        field: '$.bits';
        value: Uint8Array<ArrayBuffer>;
    }
    interface PiecesQueueFieldEvent {
        field: '$.queue';
        value: number;
    }
    function encode(obj: Partial<Pieces>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Pieces>): Pieces;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Pieces>): Generator<PiecesSizeFieldEvent | PiecesBitsFieldEvent | PiecesQueueFieldEvent>;
}
export interface Have {
    pieces: number[];
    queue: number;
}
export declare namespace Have {
    const codec: () => Codec<Have>;
    interface HavePiecesFieldEvent {
        field: '$.pieces[]';
        index: number;
        value: number;
    }
    interface HaveQueueFieldEvent {
        field: '$.queue';
        value: number;
    }
    function encode(obj: Partial<Have>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Have>): Have;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Have>): Generator<HavePiecesFieldEvent | HaveQueueFieldEvent>;
}
export interface PeerAddress {
    id: Uint8Array<ArrayBuffer>;
    addresses: Uint8Array<ArrayBuffer>[];
}
export declare namespace PeerAddress {
    const codec: () => Codec<PeerAddress>;
    interface PeerAddressIdFieldEvent {
        field: '$.id';
        value: Uint8Array<ArrayBuffer>;
    }
    interface PeerAddressAddressesFieldEvent {
        field: '$.addresses[]';
        index: number;
        value: Uint8Array<ArrayBuffer>;
    }
    function encode(obj: Partial<PeerAddress>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<PeerAddress>): PeerAddress;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<PeerAddress>): Generator<PeerAddressIdFieldEvent | PeerAddressAddressesFieldEvent>;
}
export interface Peers {
    peers: PeerAddress[];
    links: number;
}
export declare namespace Peers {
    const codec: () => Codec<Peers>;
    interface PeersPeersIdFieldEvent {
        field: '$.peers[].id';
        value: Uint8Array<ArrayBuffer>;
        index: number;
    }
    interface PeersPeersAddressesFieldEvent {
        field: '$.peers[].addresses[]';
        index: number;
        value: Uint8Array<ArrayBuffer>;
    }
    interface PeersLinksFieldEvent {
        field: '$.links';
        value: number;
    }
    function encode(obj: Partial<Peers>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Peers>): Peers;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Peers>): Generator<PeersPeersIdFieldEvent | PeersPeersAddressesFieldEvent | PeersLinksFieldEvent>;
}
export interface RootPeers {
    peers: PeerAddress[];
}
export declare namespace RootPeers {
    const codec: () => Codec<RootPeers>;
    interface RootPeersPeersIdFieldEvent {
        field: '$.peers[].id';
        value: Uint8Array<ArrayBuffer>;
        index: number;
    }
    interface RootPeersPeersAddressesFieldEvent {
        field: '$.peers[].addresses[]';
        index: number;
        value: Uint8Array<ArrayBuffer>;
    }
    function encode(obj: Partial<RootPeers>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<RootPeers>): RootPeers;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<RootPeers>): Generator<RootPeersPeersIdFieldEvent | RootPeersPeersAddressesFieldEvent>;
}
export interface ChunksWanted {
    from: number;
}
export declare namespace ChunksWanted {
    const codec: () => Codec<ChunksWanted>;
    interface ChunksWantedFromFieldEvent {
        field: '$.from';
        value: number;
    }
    function encode(obj: Partial<ChunksWanted>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ChunksWanted>): ChunksWanted;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ChunksWanted>): Generator<ChunksWantedFromFieldEvent>;
}
export interface Chunks {
    count: number;
    average: number;
    from: number;
    entries: Uint8Array<ArrayBuffer>;
}
export declare namespace Chunks {
    const codec: () => Codec<Chunks>;
    interface ChunksCountFieldEvent {
        field: '$.count';
        value: number;
    }
    interface ChunksAverageFieldEvent {
        field: '$.average';
        value: number;
    }
    interface ChunksFromFieldEvent {
        field: '$.from';
        value: number;
    }
    interface ChunksEntriesFieldEvent {
        field: '$.entries';
        value: Uint8Array<ArrayBuffer>;
    }
    function encode(obj: Partial<Chunks>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Chunks>): Chunks;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Chunks>): Generator<ChunksCountFieldEvent | ChunksAverageFieldEvent | ChunksFromFieldEvent | ChunksEntriesFieldEvent>;
}
export interface DataRequest {
    hello?: Hello;
    ask?: number;
    cancel?: number;
    got?: number;
    load: number;
    has: number;
}
export declare namespace DataRequest {
    const codec: () => Codec<DataRequest>;
    interface DataRequestHelloTopicFieldEvent {
        field: '$.hello.topic';
        value: Uint8Array<ArrayBuffer>;
    }
    interface DataRequestHelloProofFieldEvent {
        field: '$.hello.proof';
        value: Uint8Array<ArrayBuffer>;
    }
    interface DataRequestHelloVersionFieldEvent {
        field: '$.hello.version';
        value: string;
    }
    interface DataRequestHelloManifestCountFieldEvent {
        field: '$.hello.manifestCount';
        value: number;
    }
    interface DataRequestHelloLinksFieldEvent {
        field: '$.hello.links';
        value: number;
    }
    interface DataRequestHelloGrantFieldEvent {
        field: '$.hello.grant';
        value: Uint8Array<ArrayBuffer>;
    }
    interface DataRequestAskFieldEvent {
        field: '$.ask';
        value: number;
    }
    interface DataRequestCancelFieldEvent {
        field: '$.cancel';
        value: number;
    }
    interface DataRequestGotFieldEvent {
        field: '$.got';
        value: number;
    }
    interface DataRequestLoadFieldEvent {
        field: '$.load';
        value: number;
    }
    interface DataRequestHasFieldEvent {
        field: '$.has';
        value: number;
    }
    function encode(obj: Partial<DataRequest>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<DataRequest>): DataRequest;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<DataRequest>): Generator<DataRequestHelloTopicFieldEvent | DataRequestHelloProofFieldEvent | DataRequestHelloVersionFieldEvent | DataRequestHelloManifestCountFieldEvent | DataRequestHelloLinksFieldEvent | DataRequestHelloGrantFieldEvent | DataRequestAskFieldEvent | DataRequestCancelFieldEvent | DataRequestGotFieldEvent | DataRequestLoadFieldEvent | DataRequestHasFieldEvent>;
}
export interface Frame {
    piece: number;
    offset: number;
    length: number;
    refused?: Reason;
}
export declare namespace Frame {
    const codec: () => Codec<Frame>;
    interface FramePieceFieldEvent {
        field: '$.piece';
        value: number;
    }
    interface FrameOffsetFieldEvent {
        field: '$.offset';
        value: number;
    }
    interface FrameLengthFieldEvent {
        field: '$.length';
        value: number;
    }
    interface FrameRefusedFieldEvent {
        field: '$.refused';
        value: Reason;
    }
    function encode(obj: Partial<Frame>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Frame>): Frame;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Frame>): Generator<FramePieceFieldEvent | FrameOffsetFieldEvent | FrameLengthFieldEvent | FrameRefusedFieldEvent>;
}
export interface Header {
    name: string;
    value: string;
}
export declare namespace Header {
    const codec: () => Codec<Header>;
    interface HeaderNameFieldEvent {
        field: '$.name';
        value: string;
    }
    interface HeaderValueFieldEvent {
        field: '$.value';
        value: string;
    }
    function encode(obj: Partial<Header>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Header>): Header;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Header>): Generator<HeaderNameFieldEvent | HeaderValueFieldEvent>;
}
export interface ResolveRequest {
    url: string;
    headers: Header[];
    filter: string[];
    tag: string;
    digest: Uint8Array<ArrayBuffer>;
    revalidate: boolean;
    renews: Uint8Array<ArrayBuffer>;
    progress: boolean;
    namedByDigest: boolean;
    anonymous: boolean;
    copy: boolean;
    inline: boolean;
    traceparent: string;
}
export declare namespace ResolveRequest {
    const codec: () => Codec<ResolveRequest>;
    interface ResolveRequestUrlFieldEvent {
        field: '$.url';
        value: string;
    }
    interface ResolveRequestHeadersNameFieldEvent {
        field: '$.headers[].name';
        value: string;
        index: number;
    }
    interface ResolveRequestHeadersValueFieldEvent {
        field: '$.headers[].value';
        value: string;
        index: number;
    }
    interface ResolveRequestFilterFieldEvent {
        field: '$.filter[]';
        index: number;
        value: string;
    }
    interface ResolveRequestTagFieldEvent {
        field: '$.tag';
        value: string;
    }
    interface ResolveRequestDigestFieldEvent {
        field: '$.digest';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ResolveRequestRevalidateFieldEvent {
        field: '$.revalidate';
        value: boolean;
    }
    interface ResolveRequestRenewsFieldEvent {
        field: '$.renews';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ResolveRequestProgressFieldEvent {
        field: '$.progress';
        value: boolean;
    }
    interface ResolveRequestNamedByDigestFieldEvent {
        field: '$.namedByDigest';
        value: boolean;
    }
    interface ResolveRequestAnonymousFieldEvent {
        field: '$.anonymous';
        value: boolean;
    }
    interface ResolveRequestCopyFieldEvent {
        field: '$.copy';
        value: boolean;
    }
    interface ResolveRequestInlineFieldEvent {
        field: '$.inline';
        value: boolean;
    }
    interface ResolveRequestTraceparentFieldEvent {
        field: '$.traceparent';
        value: string;
    }
    function encode(obj: Partial<ResolveRequest>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ResolveRequest>): ResolveRequest;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ResolveRequest>): Generator<ResolveRequestUrlFieldEvent | ResolveRequestHeadersNameFieldEvent | ResolveRequestHeadersValueFieldEvent | ResolveRequestFilterFieldEvent | ResolveRequestTagFieldEvent | ResolveRequestDigestFieldEvent | ResolveRequestRevalidateFieldEvent | ResolveRequestRenewsFieldEvent | ResolveRequestProgressFieldEvent | ResolveRequestNamedByDigestFieldEvent | ResolveRequestAnonymousFieldEvent | ResolveRequestCopyFieldEvent | ResolveRequestInlineFieldEvent | ResolveRequestTraceparentFieldEvent>;
}
export interface ResolveReply {
    resolved?: Resolved;
    failed?: Failed;
    peers?: Peers;
    rate?: OriginRate;
    granted?: Granted;
    progress?: Progress;
}
export declare namespace ResolveReply {
    const codec: () => Codec<ResolveReply>;
    interface ResolveReplyResolvedTopicFieldEvent {
        field: '$.resolved.topic';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ResolveReplyResolvedVersionFieldEvent {
        field: '$.resolved.version';
        value: string;
    }
    interface ResolveReplyResolvedPieceLengthFieldEvent {
        field: '$.resolved.pieceLength';
        value: number;
    }
    interface ResolveReplyResolvedLengthFieldEvent {
        field: '$.resolved.length';
        value: number;
    }
    interface ResolveReplyResolvedFileNameFieldEvent {
        field: '$.resolved.fileName';
        value: string;
    }
    interface ResolveReplyResolvedGrantFieldEvent {
        field: '$.resolved.grant';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ResolveReplyResolvedDhtKeyFieldEvent {
        field: '$.resolved.dhtKey';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ResolveReplyResolvedInlineHeadFieldEvent {
        field: '$.resolved.inline.head';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ResolveReplyResolvedInlinePayloadFieldEvent {
        field: '$.resolved.inline.payload';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ResolveReplyFailedCodeFieldEvent {
        field: '$.failed.code';
        value: string;
    }
    interface ResolveReplyFailedMessageFieldEvent {
        field: '$.failed.message';
        value: string;
    }
    interface ResolveReplyFailedStatusFieldEvent {
        field: '$.failed.status';
        value: number;
    }
    interface ResolveReplyFailedRetryAfterMsFieldEvent {
        field: '$.failed.retryAfterMs';
        value: number;
    }
    interface ResolveReplyPeersPeersIdFieldEvent {
        field: '$.peers.peers[].id';
        value: Uint8Array<ArrayBuffer>;
        index: number;
    }
    interface ResolveReplyPeersPeersAddressesFieldEvent {
        field: '$.peers.peers[].addresses[]';
        index: number;
        value: Uint8Array<ArrayBuffer>;
    }
    interface ResolveReplyPeersLinksFieldEvent {
        field: '$.peers.links';
        value: number;
    }
    interface ResolveReplyRateRateFieldEvent {
        field: '$.rate.rate';
        value: number;
    }
    interface ResolveReplyRatePeersFieldEvent {
        field: '$.rate.peers';
        value: number;
    }
    interface ResolveReplyGrantedGrantFieldEvent {
        field: '$.granted.grant';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ResolveReplyProgressBytesFieldEvent {
        field: '$.progress.bytes';
        value: number;
    }
    interface ResolveReplyProgressLengthFieldEvent {
        field: '$.progress.length';
        value: number;
    }
    interface ResolveReplyProgressSha256FieldEvent {
        field: '$.progress.sha256';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ResolveReplyProgressWasHereFieldEvent {
        field: '$.progress.wasHere';
        value: boolean;
    }
    function encode(obj: Partial<ResolveReply>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ResolveReply>): ResolveReply;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ResolveReply>): Generator<ResolveReplyResolvedTopicFieldEvent | ResolveReplyResolvedVersionFieldEvent | ResolveReplyResolvedPieceLengthFieldEvent | ResolveReplyResolvedLengthFieldEvent | ResolveReplyResolvedFileNameFieldEvent | ResolveReplyResolvedGrantFieldEvent | ResolveReplyResolvedDhtKeyFieldEvent | ResolveReplyResolvedInlineHeadFieldEvent | ResolveReplyResolvedInlinePayloadFieldEvent | ResolveReplyFailedCodeFieldEvent | ResolveReplyFailedMessageFieldEvent | ResolveReplyFailedStatusFieldEvent | ResolveReplyFailedRetryAfterMsFieldEvent | ResolveReplyPeersPeersIdFieldEvent | ResolveReplyPeersPeersAddressesFieldEvent | ResolveReplyPeersLinksFieldEvent | ResolveReplyRateRateFieldEvent | ResolveReplyRatePeersFieldEvent | ResolveReplyGrantedGrantFieldEvent | ResolveReplyProgressBytesFieldEvent | ResolveReplyProgressLengthFieldEvent | ResolveReplyProgressSha256FieldEvent | ResolveReplyProgressWasHereFieldEvent>;
}
export interface Resolved {
    topic: Uint8Array<ArrayBuffer>;
    version: string;
    pieceLength: number;
    length?: number;
    fileName: string;
    grant: Uint8Array<ArrayBuffer>;
    dhtKey: Uint8Array<ArrayBuffer>;
    inline?: Inline;
}
export declare namespace Resolved {
    const codec: () => Codec<Resolved>;
    interface ResolvedTopicFieldEvent {
        field: '$.topic';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ResolvedVersionFieldEvent {
        field: '$.version';
        value: string;
    }
    interface ResolvedPieceLengthFieldEvent {
        field: '$.pieceLength';
        value: number;
    }
    interface ResolvedLengthFieldEvent {
        field: '$.length';
        value: number;
    }
    interface ResolvedFileNameFieldEvent {
        field: '$.fileName';
        value: string;
    }
    interface ResolvedGrantFieldEvent {
        field: '$.grant';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ResolvedDhtKeyFieldEvent {
        field: '$.dhtKey';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ResolvedInlineHeadFieldEvent {
        field: '$.inline.head';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ResolvedInlinePayloadFieldEvent {
        field: '$.inline.payload';
        value: Uint8Array<ArrayBuffer>;
    }
    function encode(obj: Partial<Resolved>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Resolved>): Resolved;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Resolved>): Generator<ResolvedTopicFieldEvent | ResolvedVersionFieldEvent | ResolvedPieceLengthFieldEvent | ResolvedLengthFieldEvent | ResolvedFileNameFieldEvent | ResolvedGrantFieldEvent | ResolvedDhtKeyFieldEvent | ResolvedInlineHeadFieldEvent | ResolvedInlinePayloadFieldEvent>;
}
export interface Inline {
    head: Uint8Array<ArrayBuffer>;
    payload: Uint8Array<ArrayBuffer>;
}
export declare namespace Inline {
    const codec: () => Codec<Inline>;
    interface InlineHeadFieldEvent {
        field: '$.head';
        value: Uint8Array<ArrayBuffer>;
    }
    interface InlinePayloadFieldEvent {
        field: '$.payload';
        value: Uint8Array<ArrayBuffer>;
    }
    function encode(obj: Partial<Inline>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Inline>): Inline;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Inline>): Generator<InlineHeadFieldEvent | InlinePayloadFieldEvent>;
}
export interface Granted {
    grant: Uint8Array<ArrayBuffer>;
}
export declare namespace Granted {
    const codec: () => Codec<Granted>;
    interface GrantedGrantFieldEvent {
        field: '$.grant';
        value: Uint8Array<ArrayBuffer>;
    }
    function encode(obj: Partial<Granted>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Granted>): Granted;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Granted>): Generator<GrantedGrantFieldEvent>;
}
export interface Envelope {
    publicKey: Uint8Array<ArrayBuffer>;
    payloadType: Uint8Array<ArrayBuffer>;
    payload: Uint8Array<ArrayBuffer>;
    signature: Uint8Array<ArrayBuffer>;
}
export declare namespace Envelope {
    const codec: () => Codec<Envelope>;
    interface EnvelopePublicKeyFieldEvent {
        field: '$.publicKey';
        value: Uint8Array<ArrayBuffer>;
    }
    interface EnvelopePayloadTypeFieldEvent {
        field: '$.payloadType';
        value: Uint8Array<ArrayBuffer>;
    }
    interface EnvelopePayloadFieldEvent {
        field: '$.payload';
        value: Uint8Array<ArrayBuffer>;
    }
    interface EnvelopeSignatureFieldEvent {
        field: '$.signature';
        value: Uint8Array<ArrayBuffer>;
    }
    function encode(obj: Partial<Envelope>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Envelope>): Envelope;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Envelope>): Generator<EnvelopePublicKeyFieldEvent | EnvelopePayloadTypeFieldEvent | EnvelopePayloadFieldEvent | EnvelopeSignatureFieldEvent>;
}
export interface Grant {
    peer: Uint8Array<ArrayBuffer>;
    topic: Uint8Array<ArrayBuffer>;
    expires: number;
}
export declare namespace Grant {
    const codec: () => Codec<Grant>;
    interface GrantPeerFieldEvent {
        field: '$.peer';
        value: Uint8Array<ArrayBuffer>;
    }
    interface GrantTopicFieldEvent {
        field: '$.topic';
        value: Uint8Array<ArrayBuffer>;
    }
    interface GrantExpiresFieldEvent {
        field: '$.expires';
        value: number;
    }
    function encode(obj: Partial<Grant>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Grant>): Grant;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Grant>): Generator<GrantPeerFieldEvent | GrantTopicFieldEvent | GrantExpiresFieldEvent>;
}
export interface Failed {
    code: string;
    message: string;
    status?: number;
    retryAfterMs?: number;
}
export declare namespace Failed {
    const codec: () => Codec<Failed>;
    interface FailedCodeFieldEvent {
        field: '$.code';
        value: string;
    }
    interface FailedMessageFieldEvent {
        field: '$.message';
        value: string;
    }
    interface FailedStatusFieldEvent {
        field: '$.status';
        value: number;
    }
    interface FailedRetryAfterMsFieldEvent {
        field: '$.retryAfterMs';
        value: number;
    }
    function encode(obj: Partial<Failed>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Failed>): Failed;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Failed>): Generator<FailedCodeFieldEvent | FailedMessageFieldEvent | FailedStatusFieldEvent | FailedRetryAfterMsFieldEvent>;
}
export interface Progress {
    bytes: number;
    length?: number;
    sha256: Uint8Array<ArrayBuffer>;
    wasHere: boolean;
}
export declare namespace Progress {
    const codec: () => Codec<Progress>;
    interface ProgressBytesFieldEvent {
        field: '$.bytes';
        value: number;
    }
    interface ProgressLengthFieldEvent {
        field: '$.length';
        value: number;
    }
    interface ProgressSha256FieldEvent {
        field: '$.sha256';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ProgressWasHereFieldEvent {
        field: '$.wasHere';
        value: boolean;
    }
    function encode(obj: Partial<Progress>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Progress>): Progress;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Progress>): Generator<ProgressBytesFieldEvent | ProgressLengthFieldEvent | ProgressSha256FieldEvent | ProgressWasHereFieldEvent>;
}
export interface OriginRate {
    rate: number;
    peers: number;
}
export declare namespace OriginRate {
    const codec: () => Codec<OriginRate>;
    interface OriginRateRateFieldEvent {
        field: '$.rate';
        value: number;
    }
    interface OriginRatePeersFieldEvent {
        field: '$.peers';
        value: number;
    }
    function encode(obj: Partial<OriginRate>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<OriginRate>): OriginRate;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<OriginRate>): Generator<OriginRateRateFieldEvent | OriginRatePeersFieldEvent>;
}
export declare enum MemberRole {
    MEMBER = "MEMBER",
    DEDICATED = "DEDICATED"
}
export declare namespace MemberRole {
    const codec: () => Codec<MemberRole>;
}
export declare enum MemberState {
    ALIVE = "ALIVE",
    LEFT = "LEFT",
    DEAD = "DEAD"
}
export declare namespace MemberState {
    const codec: () => Codec<MemberState>;
}
export interface MemberRecord {
    peer: Uint8Array<ArrayBuffer>;
    addresses: Uint8Array<ArrayBuffer>[];
    role: MemberRole;
    state: MemberState;
    stamp: number;
}
export declare namespace MemberRecord {
    const codec: () => Codec<MemberRecord>;
    interface MemberRecordPeerFieldEvent {
        field: '$.peer';
        value: Uint8Array<ArrayBuffer>;
    }
    interface MemberRecordAddressesFieldEvent {
        field: '$.addresses[]';
        index: number;
        value: Uint8Array<ArrayBuffer>;
    }
    interface MemberRecordRoleFieldEvent {
        field: '$.role';
        value: MemberRole;
    }
    interface MemberRecordStateFieldEvent {
        field: '$.state';
        value: MemberState;
    }
    interface MemberRecordStampFieldEvent {
        field: '$.stamp';
        value: number;
    }
    function encode(obj: Partial<MemberRecord>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<MemberRecord>): MemberRecord;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<MemberRecord>): Generator<MemberRecordPeerFieldEvent | MemberRecordAddressesFieldEvent | MemberRecordRoleFieldEvent | MemberRecordStateFieldEvent | MemberRecordStampFieldEvent>;
}
export interface FleetRequest {
    proof: Uint8Array<ArrayBuffer>;
    news: MemberRecord[];
    subject: string;
    all: boolean;
    view: Uint8Array<ArrayBuffer>;
}
export declare namespace FleetRequest {
    const codec: () => Codec<FleetRequest>;
    interface FleetRequestProofFieldEvent {
        field: '$.proof';
        value: Uint8Array<ArrayBuffer>;
    }
    interface FleetRequestNewsPeerFieldEvent {
        field: '$.news[].peer';
        value: Uint8Array<ArrayBuffer>;
        index: number;
    }
    interface FleetRequestNewsAddressesFieldEvent {
        field: '$.news[].addresses[]';
        index: number;
        value: Uint8Array<ArrayBuffer>;
    }
    interface FleetRequestNewsRoleFieldEvent {
        field: '$.news[].role';
        value: MemberRole;
        index: number;
    }
    interface FleetRequestNewsStateFieldEvent {
        field: '$.news[].state';
        value: MemberState;
        index: number;
    }
    interface FleetRequestNewsStampFieldEvent {
        field: '$.news[].stamp';
        value: number;
        index: number;
    }
    interface FleetRequestSubjectFieldEvent {
        field: '$.subject';
        value: string;
    }
    interface FleetRequestAllFieldEvent {
        field: '$.all';
        value: boolean;
    }
    interface FleetRequestViewFieldEvent {
        field: '$.view';
        value: Uint8Array<ArrayBuffer>;
    }
    function encode(obj: Partial<FleetRequest>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<FleetRequest>): FleetRequest;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<FleetRequest>): Generator<FleetRequestProofFieldEvent | FleetRequestNewsPeerFieldEvent | FleetRequestNewsAddressesFieldEvent | FleetRequestNewsRoleFieldEvent | FleetRequestNewsStateFieldEvent | FleetRequestNewsStampFieldEvent | FleetRequestSubjectFieldEvent | FleetRequestAllFieldEvent | FleetRequestViewFieldEvent>;
}
export interface FleetReply {
    proof: Uint8Array<ArrayBuffer>;
    members: MemberRecord[];
    view: Uint8Array<ArrayBuffer>;
}
export declare namespace FleetReply {
    const codec: () => Codec<FleetReply>;
    interface FleetReplyProofFieldEvent {
        field: '$.proof';
        value: Uint8Array<ArrayBuffer>;
    }
    interface FleetReplyMembersPeerFieldEvent {
        field: '$.members[].peer';
        value: Uint8Array<ArrayBuffer>;
        index: number;
    }
    interface FleetReplyMembersAddressesFieldEvent {
        field: '$.members[].addresses[]';
        index: number;
        value: Uint8Array<ArrayBuffer>;
    }
    interface FleetReplyMembersRoleFieldEvent {
        field: '$.members[].role';
        value: MemberRole;
        index: number;
    }
    interface FleetReplyMembersStateFieldEvent {
        field: '$.members[].state';
        value: MemberState;
        index: number;
    }
    interface FleetReplyMembersStampFieldEvent {
        field: '$.members[].stamp';
        value: number;
        index: number;
    }
    interface FleetReplyViewFieldEvent {
        field: '$.view';
        value: Uint8Array<ArrayBuffer>;
    }
    function encode(obj: Partial<FleetReply>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<FleetReply>): FleetReply;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<FleetReply>): Generator<FleetReplyProofFieldEvent | FleetReplyMembersPeerFieldEvent | FleetReplyMembersAddressesFieldEvent | FleetReplyMembersRoleFieldEvent | FleetReplyMembersStateFieldEvent | FleetReplyMembersStampFieldEvent | FleetReplyViewFieldEvent>;
}
export interface StatusRequest {
    downloads: number;
}
export declare namespace StatusRequest {
    const codec: () => Codec<StatusRequest>;
    interface StatusRequestDownloadsFieldEvent {
        field: '$.downloads';
        value: number;
    }
    function encode(obj: Partial<StatusRequest>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<StatusRequest>): StatusRequest;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<StatusRequest>): Generator<StatusRequestDownloadsFieldEvent>;
}
export interface StatusReply {
    version: string;
    role: MemberRole;
    uptime: number;
    lagMs: number;
    busy: number;
    down: number;
    up: number;
    limitDown?: number;
    limitUp?: number;
    limitTotal?: number;
    disk?: DiskUse;
    contents: number;
    running: number;
    hidden: number;
    slowest: SlowDownload[];
}
export declare namespace StatusReply {
    const codec: () => Codec<StatusReply>;
    interface StatusReplyVersionFieldEvent {
        field: '$.version';
        value: string;
    }
    interface StatusReplyRoleFieldEvent {
        field: '$.role';
        value: MemberRole;
    }
    interface StatusReplyUptimeFieldEvent {
        field: '$.uptime';
        value: number;
    }
    interface StatusReplyLagMsFieldEvent {
        field: '$.lagMs';
        value: number;
    }
    interface StatusReplyBusyFieldEvent {
        field: '$.busy';
        value: number;
    }
    interface StatusReplyDownFieldEvent {
        field: '$.down';
        value: number;
    }
    interface StatusReplyUpFieldEvent {
        field: '$.up';
        value: number;
    }
    interface StatusReplyLimitDownFieldEvent {
        field: '$.limitDown';
        value: number;
    }
    interface StatusReplyLimitUpFieldEvent {
        field: '$.limitUp';
        value: number;
    }
    interface StatusReplyLimitTotalFieldEvent {
        field: '$.limitTotal';
        value: number;
    }
    interface StatusReplyDiskUsedFieldEvent {
        field: '$.disk.used';
        value: number;
    }
    interface StatusReplyDiskQuotaFieldEvent {
        field: '$.disk.quota';
        value: number;
    }
    interface StatusReplyDiskFreeFieldEvent {
        field: '$.disk.free';
        value: number;
    }
    interface StatusReplyDiskInTroubleFieldEvent {
        field: '$.disk.inTrouble';
        value: boolean;
    }
    interface StatusReplyContentsFieldEvent {
        field: '$.contents';
        value: number;
    }
    interface StatusReplyRunningFieldEvent {
        field: '$.running';
        value: number;
    }
    interface StatusReplyHiddenFieldEvent {
        field: '$.hidden';
        value: number;
    }
    interface StatusReplySlowestUrlFieldEvent {
        field: '$.slowest[].url';
        value: string;
        index: number;
    }
    interface StatusReplySlowestBytesFieldEvent {
        field: '$.slowest[].bytes';
        value: number;
        index: number;
    }
    interface StatusReplySlowestLengthFieldEvent {
        field: '$.slowest[].length';
        value: number;
        index: number;
    }
    interface StatusReplySlowestRateFieldEvent {
        field: '$.slowest[].rate';
        value: number;
        index: number;
    }
    interface StatusReplySlowestCauseFieldEvent {
        field: '$.slowest[].cause';
        value: number;
        index: number;
    }
    function encode(obj: Partial<StatusReply>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<StatusReply>): StatusReply;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<StatusReply>): Generator<StatusReplyVersionFieldEvent | StatusReplyRoleFieldEvent | StatusReplyUptimeFieldEvent | StatusReplyLagMsFieldEvent | StatusReplyBusyFieldEvent | StatusReplyDownFieldEvent | StatusReplyUpFieldEvent | StatusReplyLimitDownFieldEvent | StatusReplyLimitUpFieldEvent | StatusReplyLimitTotalFieldEvent | StatusReplyDiskUsedFieldEvent | StatusReplyDiskQuotaFieldEvent | StatusReplyDiskFreeFieldEvent | StatusReplyDiskInTroubleFieldEvent | StatusReplyContentsFieldEvent | StatusReplyRunningFieldEvent | StatusReplyHiddenFieldEvent | StatusReplySlowestUrlFieldEvent | StatusReplySlowestBytesFieldEvent | StatusReplySlowestLengthFieldEvent | StatusReplySlowestRateFieldEvent | StatusReplySlowestCauseFieldEvent>;
}
export interface DiskUse {
    used: number;
    quota?: number;
    free: number;
    inTrouble: boolean;
}
export declare namespace DiskUse {
    const codec: () => Codec<DiskUse>;
    interface DiskUseUsedFieldEvent {
        field: '$.used';
        value: number;
    }
    interface DiskUseQuotaFieldEvent {
        field: '$.quota';
        value: number;
    }
    interface DiskUseFreeFieldEvent {
        field: '$.free';
        value: number;
    }
    interface DiskUseInTroubleFieldEvent {
        field: '$.inTrouble';
        value: boolean;
    }
    function encode(obj: Partial<DiskUse>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<DiskUse>): DiskUse;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<DiskUse>): Generator<DiskUseUsedFieldEvent | DiskUseQuotaFieldEvent | DiskUseFreeFieldEvent | DiskUseInTroubleFieldEvent>;
}
export interface SlowDownload {
    url: string;
    bytes: number;
    length?: number;
    rate: number;
    cause: number;
}
export declare namespace SlowDownload {
    const codec: () => Codec<SlowDownload>;
    interface SlowDownloadUrlFieldEvent {
        field: '$.url';
        value: string;
    }
    interface SlowDownloadBytesFieldEvent {
        field: '$.bytes';
        value: number;
    }
    interface SlowDownloadLengthFieldEvent {
        field: '$.length';
        value: number;
    }
    interface SlowDownloadRateFieldEvent {
        field: '$.rate';
        value: number;
    }
    interface SlowDownloadCauseFieldEvent {
        field: '$.cause';
        value: number;
    }
    function encode(obj: Partial<SlowDownload>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SlowDownload>): SlowDownload;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SlowDownload>): Generator<SlowDownloadUrlFieldEvent | SlowDownloadBytesFieldEvent | SlowDownloadLengthFieldEvent | SlowDownloadRateFieldEvent | SlowDownloadCauseFieldEvent>;
}
export interface TreeRequest {
    url: string;
}
export declare namespace TreeRequest {
    const codec: () => Codec<TreeRequest>;
    interface TreeRequestUrlFieldEvent {
        field: '$.url';
        value: string;
    }
    function encode(obj: Partial<TreeRequest>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TreeRequest>): TreeRequest;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TreeRequest>): Generator<TreeRequestUrlFieldEvent>;
}
export interface TreeReply {
    waiting?: TreeWaiting;
    tree?: SignedTree;
    failed?: Failed;
}
export declare namespace TreeReply {
    const codec: () => Codec<TreeReply>;
    interface TreeReplyTreeEnvelopeFieldEvent {
        field: '$.tree.envelope';
        value: Uint8Array<ArrayBuffer>;
    }
    interface TreeReplyFailedCodeFieldEvent {
        field: '$.failed.code';
        value: string;
    }
    interface TreeReplyFailedMessageFieldEvent {
        field: '$.failed.message';
        value: string;
    }
    interface TreeReplyFailedStatusFieldEvent {
        field: '$.failed.status';
        value: number;
    }
    interface TreeReplyFailedRetryAfterMsFieldEvent {
        field: '$.failed.retryAfterMs';
        value: number;
    }
    function encode(obj: Partial<TreeReply>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TreeReply>): TreeReply;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TreeReply>): Generator<TreeReplyTreeEnvelopeFieldEvent | TreeReplyFailedCodeFieldEvent | TreeReplyFailedMessageFieldEvent | TreeReplyFailedStatusFieldEvent | TreeReplyFailedRetryAfterMsFieldEvent>;
}
export interface TreeWaiting {
}
export declare namespace TreeWaiting {
    const codec: () => Codec<TreeWaiting>;
    function encode(obj: Partial<TreeWaiting>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TreeWaiting>): TreeWaiting;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TreeWaiting>): Generator<{}>;
}
export interface SignedTree {
    envelope: Uint8Array<ArrayBuffer>;
}
export declare namespace SignedTree {
    const codec: () => Codec<SignedTree>;
    interface SignedTreeEnvelopeFieldEvent {
        field: '$.envelope';
        value: Uint8Array<ArrayBuffer>;
    }
    function encode(obj: Partial<SignedTree>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SignedTree>): SignedTree;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SignedTree>): Generator<SignedTreeEnvelopeFieldEvent>;
}
export interface TreeHead {
    url: string;
    root: string;
    length: number;
    listedAt: number;
}
export declare namespace TreeHead {
    const codec: () => Codec<TreeHead>;
    interface TreeHeadUrlFieldEvent {
        field: '$.url';
        value: string;
    }
    interface TreeHeadRootFieldEvent {
        field: '$.root';
        value: string;
    }
    interface TreeHeadLengthFieldEvent {
        field: '$.length';
        value: number;
    }
    interface TreeHeadListedAtFieldEvent {
        field: '$.listedAt';
        value: number;
    }
    function encode(obj: Partial<TreeHead>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TreeHead>): TreeHead;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TreeHead>): Generator<TreeHeadUrlFieldEvent | TreeHeadRootFieldEvent | TreeHeadLengthFieldEvent | TreeHeadListedAtFieldEvent>;
}
export declare enum Trust {
    SEED = "SEED",
    DIGEST = "DIGEST",
    ORIGIN = "ORIGIN"
}
export declare namespace Trust {
    const codec: () => Codec<Trust>;
}
export interface StoredInfo {
    task: string;
    version: string;
    pieceLength: number;
    length?: number;
    fileName: string;
    trust: Trust;
}
export declare namespace StoredInfo {
    const codec: () => Codec<StoredInfo>;
    interface StoredInfoTaskFieldEvent {
        field: '$.task';
        value: string;
    }
    interface StoredInfoVersionFieldEvent {
        field: '$.version';
        value: string;
    }
    interface StoredInfoPieceLengthFieldEvent {
        field: '$.pieceLength';
        value: number;
    }
    interface StoredInfoLengthFieldEvent {
        field: '$.length';
        value: number;
    }
    interface StoredInfoFileNameFieldEvent {
        field: '$.fileName';
        value: string;
    }
    interface StoredInfoTrustFieldEvent {
        field: '$.trust';
        value: Trust;
    }
    function encode(obj: Partial<StoredInfo>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<StoredInfo>): StoredInfo;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<StoredInfo>): Generator<StoredInfoTaskFieldEvent | StoredInfoVersionFieldEvent | StoredInfoPieceLengthFieldEvent | StoredInfoLengthFieldEvent | StoredInfoFileNameFieldEvent | StoredInfoTrustFieldEvent>;
}
export interface StoredAnswer {
    status: number;
    fields: Header[];
}
export declare namespace StoredAnswer {
    const codec: () => Codec<StoredAnswer>;
    interface StoredAnswerStatusFieldEvent {
        field: '$.status';
        value: number;
    }
    interface StoredAnswerFieldsNameFieldEvent {
        field: '$.fields[].name';
        value: string;
        index: number;
    }
    interface StoredAnswerFieldsValueFieldEvent {
        field: '$.fields[].value';
        value: string;
        index: number;
    }
    function encode(obj: Partial<StoredAnswer>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<StoredAnswer>): StoredAnswer;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<StoredAnswer>): Generator<StoredAnswerStatusFieldEvent | StoredAnswerFieldsNameFieldEvent | StoredAnswerFieldsValueFieldEvent>;
}
export interface StoredFreshness {
    at: number;
    answers: StoredAnswer[];
}
export declare namespace StoredFreshness {
    const codec: () => Codec<StoredFreshness>;
    interface StoredFreshnessAtFieldEvent {
        field: '$.at';
        value: number;
    }
    interface StoredFreshnessAnswersStatusFieldEvent {
        field: '$.answers[].status';
        value: number;
        index: number;
    }
    interface StoredFreshnessAnswersFieldsNameFieldEvent {
        field: '$.answers[].fields[].name';
        value: string;
        index: number;
    }
    interface StoredFreshnessAnswersFieldsValueFieldEvent {
        field: '$.answers[].fields[].value';
        value: string;
        index: number;
    }
    function encode(obj: Partial<StoredFreshness>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<StoredFreshness>): StoredFreshness;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<StoredFreshness>): Generator<StoredFreshnessAtFieldEvent | StoredFreshnessAnswersStatusFieldEvent | StoredFreshnessAnswersFieldsNameFieldEvent | StoredFreshnessAnswersFieldsValueFieldEvent>;
}
export interface StoreRecord {
    format: number;
    info?: StoredInfo;
    part?: ManifestPart;
    head?: SignedHead;
    seal?: Seal;
    freshness?: StoredFreshness;
}
export declare namespace StoreRecord {
    const codec: () => Codec<StoreRecord>;
    interface StoreRecordFormatFieldEvent {
        field: '$.format';
        value: number;
    }
    interface StoreRecordInfoTaskFieldEvent {
        field: '$.info.task';
        value: string;
    }
    interface StoreRecordInfoVersionFieldEvent {
        field: '$.info.version';
        value: string;
    }
    interface StoreRecordInfoPieceLengthFieldEvent {
        field: '$.info.pieceLength';
        value: number;
    }
    interface StoreRecordInfoLengthFieldEvent {
        field: '$.info.length';
        value: number;
    }
    interface StoreRecordInfoFileNameFieldEvent {
        field: '$.info.fileName';
        value: string;
    }
    interface StoreRecordInfoTrustFieldEvent {
        field: '$.info.trust';
        value: Trust;
    }
    interface StoreRecordPartFromFieldEvent {
        field: '$.part.from';
        value: number;
    }
    interface StoreRecordPartDigestsFieldEvent {
        field: '$.part.digests';
        value: Uint8Array<ArrayBuffer>;
    }
    interface StoreRecordHeadEnvelopeFieldEvent {
        field: '$.head.envelope';
        value: Uint8Array<ArrayBuffer>;
    }
    interface StoreRecordSealLengthFieldEvent {
        field: '$.seal.length';
        value: number;
    }
    interface StoreRecordSealSha256FieldEvent {
        field: '$.seal.sha256';
        value: Uint8Array<ArrayBuffer>;
    }
    interface StoreRecordSealRootFieldEvent {
        field: '$.seal.root';
        value: string;
    }
    interface StoreRecordFreshnessAtFieldEvent {
        field: '$.freshness.at';
        value: number;
    }
    interface StoreRecordFreshnessAnswersStatusFieldEvent {
        field: '$.freshness.answers[].status';
        value: number;
        index: number;
    }
    interface StoreRecordFreshnessAnswersFieldsNameFieldEvent {
        field: '$.freshness.answers[].fields[].name';
        value: string;
        index: number;
    }
    interface StoreRecordFreshnessAnswersFieldsValueFieldEvent {
        field: '$.freshness.answers[].fields[].value';
        value: string;
        index: number;
    }
    function encode(obj: Partial<StoreRecord>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<StoreRecord>): StoreRecord;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<StoreRecord>): Generator<StoreRecordFormatFieldEvent | StoreRecordInfoTaskFieldEvent | StoreRecordInfoVersionFieldEvent | StoreRecordInfoPieceLengthFieldEvent | StoreRecordInfoLengthFieldEvent | StoreRecordInfoFileNameFieldEvent | StoreRecordInfoTrustFieldEvent | StoreRecordPartFromFieldEvent | StoreRecordPartDigestsFieldEvent | StoreRecordHeadEnvelopeFieldEvent | StoreRecordSealLengthFieldEvent | StoreRecordSealSha256FieldEvent | StoreRecordSealRootFieldEvent | StoreRecordFreshnessAtFieldEvent | StoreRecordFreshnessAnswersStatusFieldEvent | StoreRecordFreshnessAnswersFieldsNameFieldEvent | StoreRecordFreshnessAnswersFieldsValueFieldEvent>;
}
