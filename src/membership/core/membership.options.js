import { joinPath, readNumber, readObject, readOneOf, } from '../../options/option-checks.js';
import { MEMBERSHIP_PROFILES, } from './membership.profiles.js';
/** Where each parameter may lie, and whether it is a whole number. */
const RANGES = {
    probeTimeout: { min: 10, max: 60_000 },
    probeTries: { min: 1, max: 5, integer: true },
    indirectProbes: { min: 0, max: 20, integer: true },
    suspicionMultiplier: { min: 0.1, max: 100 },
    suspicionMaxFactor: { min: 1, max: 100 },
    suspicionConfirmations: { min: 0, max: 20, integer: true },
    maxLocalHealth: { min: 0, max: 100, integer: true },
    directThreshold: { min: 0, max: 100_000, integer: true },
    gossipInterval: { min: 10, max: 60_000 },
    gossipFanout: { min: 1, max: 20, integer: true },
    gossipMultiplier: { min: 1, max: 100 },
    gossipMinSends: { min: 1, max: 1000, integer: true },
    syncInterval: { min: 100, max: 3_600_000 },
    redialRate: { min: 0, max: 1000 },
    deadMemoryHours: { min: 0, max: 8760 },
    joinTimeout: { min: 100, max: 120_000 },
    joinRetryMin: { min: 10, max: 600_000 },
    joinRetryMax: { min: 10, max: 3_600_000 },
    rejoinInterval: { min: 10, max: 600_000 },
    legacyAuditInterval: { min: 1000, max: 3_600_000 },
    hearsayQuota: { min: 1, max: 10_000_000, integer: true },
};
/**
 * Completes the section `membership`. Seeds, timeouts and limits that stand elsewhere in the options
 * have their defaults here; the caller replaces them.
 * Throws an OptionsError that names the option.
 */
export function resolveMembershipOptions(input, path = 'membership') {
    const names = Object.keys(RANGES);
    const given = readObject(input, path, ['profile', ...names]);
    const profile = readOneOf(given.profile, joinPath(path, 'profile'), Object.keys(MEMBERSHIP_PROFILES), { default: 'lan' });
    const parameters = { ...MEMBERSHIP_PROFILES[profile] };
    for (const name of names) {
        parameters[name] = readNumber(given[name], joinPath(path, name), {
            ...RANGES[name],
            default: parameters[name],
        });
    }
    return Object.freeze({
        ...parameters,
        profile,
        seeds: [],
        requestTimeout: 1000,
        maxPeers: 10_000,
        probeInterval: 1000,
    });
}
//# sourceMappingURL=membership.options.js.map