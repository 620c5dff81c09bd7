// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import ImageFormats

/// Pulls images into a store: from a name by translations to a URL, and from there by HTTP.
public final class ImagePuller: Sendable {
    private let store: ImageStore
    private let shared = SharedPulls<PullKey, StoredImage>()
    private let proofs = ProofsOfAccess()

    /// A puller; the translations are read anew at each pull.
    public init(_ store: ImageStore) { self.store = store }

    /// Pulls an image, and lets the name lead to it.
    ///
    /// Pulls of the same URL with the same credentials and digest are one. What the store has under the demanded
    /// digest is not asked for again where this name was pulled with the same credentials by this process, or ever
    /// without any. What the server calls unchanged is not loaded again. Cancelling the task cancels this pull alone;
    /// what was loaded stays for the next one.
    /// `credentials`: What the pod's secret says; those in the translated URL go before them.
    /// `server`: For which server they are; to another one they are not sent.
    /// `progress`: is told of it several times a second, on any thread.
    public func pull(
        _ reference: ImageReference,
        credentials: Credentials? = nil,
        for server: CredentialServer = .any,
        progress: @escaping @Sendable (PullProgress) -> Void = { _ in }
    ) async throws(ImageError) -> StoredImage {
        let source = try source(of: reference)
        // The operator's word on this URL goes before the pull's.
        let isCovered = source.url.credentials == nil && server.covers(source.url)
        let sent = isCovered ? credentials : nil
        let key = PullKey(
            source: source,
            credentials: sent,
            withheld: isCovered || credentials == nil ? nil : server.description,
            digest: reference.digest
        )
        if let image = try stored(reference, sent) { return image }
        let store = store
        let image = try await shared.value(for: key, as: reference, report: progress) { flight in
            let pull = OnePull(store: store, key: key, flight: flight)
            do throws(ImageError) {
                return .success(try await pull.run())
            } catch {
                return .failure(error)
            }
        }
        if let sent { proofs.add(reference, image.digest, sent) }
        return image
    }

    /// The image from the store, where whoever pulls may have it and the name demands just this content.
    private func stored(
        _ reference: ImageReference,
        _ sent: Credentials?
    ) throws(ImageError) -> StoredImage? {
        guard let digest = reference.digest else { return nil }
        let records = try store.records(of: reference, digest)
        let isProven = sent.map { proofs.contains(reference, digest, $0) } ?? false
        guard isProven || records.contains(where: \.access.isPublic) else { return nil }
        let access = NameRecord.Access(
            isPulled: isProven || records.contains { $0.access.isPulled },
            isPublic: records.contains { $0.access.isPublic }
        )
        return try store.link([reference], to: digest, origin: nil, access: access)
    }

    /// Where a name leads: the URL without secrets, and what led there.
    public func explain(_ reference: ImageReference) throws(ImageError) -> String {
        let source = try source(of: reference)
        return "\(source.url) (\(source.origin))"
    }

    private func source(of reference: ImageReference) throws(ImageError) -> ImageSource {
        let settings = store.settings
        return try Translations(
            folder: settings.translationsFolder,
            downloadProtocol: settings.downloadProtocol,
            allowsPatterns: settings.allowsPatterns
        ).source(of: reference)
    }

    /// How many pulls wait; for tests.
    var waiting: Int { shared.waiting }
}

/// What must be the same for two pulls to be one.
struct PullKey: Hashable, Sendable {
    let source: ImageSource
    /// What is sent.
    let credentials: Credentials?
    /// For whom other credentials are that are not sent.
    let withheld: String?
    let digest: ImageDigest?
}

/// The work of one pull.
private struct OnePull: Sendable {
    let store: ImageStore
    let key: PullKey
    let flight: SharedPulls<PullKey, StoredImage>.Flight

    private var source: ImageSource { key.source }
    private var digest: ImageDigest? { key.digest }
    private var access: NameRecord.Access {
        NameRecord.Access(isPulled: true, isPublic: key.credentials == nil)
    }

    func run() async throws(ImageError) -> StoredImage {
        // Twice where the image that the server calls unchanged is removed meanwhile.
        for mayKnow in [true, false] {
            if let image = try await run(mayKnow: mayKnow) { return image }
        }
        throw ImageError(.system, "load \(source.url)", "the image was removed while it was pulled")
    }

    private func run(mayKnow: Bool) async throws(ImageError) -> StoredImage? {
        let url = ImageDigest(of: Array(source.url.text.utf8))
        let loaded = await onThreadOfItsOwn { flag -> Result<Loaded, ImageError> in
            do throws(ImageError) {
                return .success(try load(url, mayKnow: mayKnow, flag))
            } catch {
                return .failure(error)
            }
        }
        switch try loaded.get() {
        case .unchanged(let record):
            return try store.link(flight.close(), to: record.image, origin: record.origin, access: access)
        case .content(let part, let actual, let etag):
            do throws(ImageError) {
                if let digest, digest != actual {
                    throw ImageError(
                        .digestMismatch,
                        "load \(source.url)",
                        "its digest is \(actual), and the image's name demands \(digest)"
                    )
                }
                let header = try await store.examine(part, as: source.url.description) { flight.report($0) }
                let origin = etag.map { NameRecord.Origin(url: url, etag: $0) }
                return try store.commit(
                    part,
                    actual,
                    header,
                    names: flight.close(),
                    origin: origin,
                    access: access
                )
            } catch {
                part.remove()
                throw error
            }
        }
    }

    private enum Loaded: Sendable {
        case unchanged(NameRecord)
        case content(PartialFile, ImageDigest, etag: String?)
    }

    private func load(_ url: ImageDigest, mayKnow: Bool, _ flag: CancelFlag) throws(ImageError) -> Loaded {
        let part = try store.openPart("\(store.partialFolder)/\(url.hex).part", flag) {
            flight.report(PullProgress(phase: .waiting))
        }
        // Looked up under the part's lock: whoever had it may just have loaded the same.
        let known = mayKnow ? try store.known(url, expecting: digest) : nil
        let download = Download(
            source,
            credentials: key.credentials,
            withheld: key.withheld,
            allowed: store.settings.localAddresses,
            known: known?.origin?.etag,
            allowsClearText: digest != nil,
            into: part,
            patience: store.settings.patience,
            pace: store.settings.pace,
            cancel: flag
        ) { flight.report($0) }
        do throws(ImageError) {
            switch try download.run() {
            case .unchanged:
                guard let known else {
                    throw ImageError(.protocolFailure, "load \(source.url)", "the server answers 304 unasked")
                }
                return .unchanged(known)
            case .loaded(let etag): return .content(part, try part.finish(), etag: etag)
            }
        } catch {
            // What a later pull can continue stays.
            if part.validator == nil || part.received == 0 { part.remove() }
            throw error
        }
    }
}
