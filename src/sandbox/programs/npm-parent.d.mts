export function whenNpmIsGone(orphaned: () => void): void;
