// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import ImageFormats

/// Pulls images into a store: from a name by translations to a URL, and from there by HTTP.
public final class ImagePuller: Sendable {
    private let store: ImageStore
    private let shared = SharedPulls<PullKey, StoredImage>()

    /// A puller; the translations are read anew at each pull.
    public init(_ store: ImageStore) { self.store = store }

    /// Pulls an image, and lets the name lead to it.
    ///
    /// Pulls of the same URL with the same credentials and digest are one. What the store has under the demanded
    /// digest is not asked for again; what the server calls unchanged is not loaded again. Cancelling the task
    /// cancels this pull alone; what was loaded stays for the next one.
    /// `credentials`: What the pod's secret says; those in the translated URL go before them.
    /// `progress`: is told of it several times a second, on any thread.
    public func pull(
        _ reference: ImageReference,
        credentials: Credentials? = nil,
        progress: @escaping @Sendable (PullProgress) -> Void = { _ in }
    ) async throws(ImageError) -> StoredImage {
        if let digest = reference.digest,
            let image = try store.link([reference], to: digest, origin: nil)
        {
            return image
        }
        let source = try source(of: reference)
        let key = PullKey(source: source, credentials: credentials, digest: reference.digest)
        let store = store
        return try await shared.value(for: key, as: reference, report: progress) { flight in
            let pull = OnePull(
                store: store,
                source: source,
                credentials: credentials,
                digest: key.digest,
                flight: flight
            )
            do throws(ImageError) {
                return .success(try await pull.run())
            } catch {
                return .failure(error)
            }
        }
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
    let credentials: Credentials?
    let digest: ImageDigest?
}

/// The work of one pull.
private struct OnePull: Sendable {
    let store: ImageStore
    let source: ImageSource
    let credentials: Credentials?
    let digest: ImageDigest?
    let flight: SharedPulls<PullKey, StoredImage>.Flight

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
            return try store.link(flight.close(), to: record.image, origin: record.origin)
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
                return try store.commit(part, actual, header, names: flight.close(), origin: origin)
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
            credentials: credentials,
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
