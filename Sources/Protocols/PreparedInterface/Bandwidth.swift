// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// Limits on an interface's traffic, as CNI's capability `bandwidth` gives them.
///
/// ```json
/// {"ingressRate": 100000000, "ingressBurst": 1000000, "egressRate": 100000000, "egressBurst": 1000000}
/// ```
public struct Bandwidth: Hashable, Sendable {
    /// Towards the pod; nil: no limit.
    public var ingress: Limit?
    /// From the pod; nil: no limit.
    public var egress: Limit?

    /// A limit in one direction.
    public struct Limit: Hashable, Sendable {
        /// Bits a second.
        public var rate: Int
        /// Bits that may go at once.
        public var burst: Int

        /// A limit.
        public init(rate: Int, burst: Int) {
            self.rate = rate
            self.burst = burst
        }
    }

    /// Limits in both directions.
    public init(ingress: Limit?, egress: Limit?) {
        self.ingress = ingress
        self.egress = egress
    }

    /// The most bits a second: a terabit.
    private static let mostRate = 1_000_000_000_000
    /// The kernel counts a burst in 32 bits of bytes.
    private static let mostBurst = 8 * Int(UInt32.max)
    /// A bucket of less than a few frames lets none through.
    private static let leastBurst = 8 * 4096

    /// The capability's fields.
    public static let keys = ["ingressRate", "ingressBurst", "egressRate", "egressBurst"]

    /// Reads the capability's fields; a rate of 0 is no limit.
    ///
    /// - Throws: `JSONError.field` for a rate without a burst, and a burst without a rate.
    public init(_ fields: JSONFields) throws(JSONError) {
        ingress = try Self.limit(fields, "ingress")
        egress = try Self.limit(fields, "egress")
    }

    private static func limit(_ fields: JSONFields, _ direction: String) throws(JSONError) -> Limit? {
        let (rateKey, burstKey) = (direction + "Rate", direction + "Burst")
        let rate = try fields.optionalInteger(rateKey, in: 0...mostRate) ?? 0
        let burst = try fields.optionalInteger(burstKey, in: 0...Int.max) ?? 0
        if rate == 0, burst == 0 { return nil }
        guard rate > 0 else { throw fields.error(rateKey, "is missing") }
        guard rate >= 8 else { throw fields.error(rateKey, "must be 8 bits a second or more") }
        guard burst > 0 else { throw fields.error(burstKey, "is missing") }
        return Limit(rate: rate, burst: min(max(burst, leastBurst), mostBurst))
    }

    var json: JSONValue {
        var object = JSONObject()
        if let ingress {
            object["ingressRate"] = .integer(ingress.rate)
            object["ingressBurst"] = .integer(ingress.burst)
        }
        if let egress {
            object["egressRate"] = .integer(egress.rate)
            object["egressBurst"] = .integer(egress.burst)
        }
        return .object(object)
    }
}
