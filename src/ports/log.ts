import type { BreakglassRecord } from '../domain/records.ts';
import type { State } from '../domain/state.ts';
import type { Log } from '../log/types.ts';

/** The tamper-evident log, folded by the domain. */
export type BreakglassLog = Log<State, BreakglassRecord>;
