// What `npm run model` checks: sizes of model/window.pml, each searched to the last state, and faults that each must turn
// one of them red. docs/model.md says what every switch means.

const TIMELY = ['TIMELY'];

export const MODELS = [
  {
    name: 'one-worker',
    says: 'one grant, one worker; crashes, for good as well, and lost answers',
    defines: [...TIMELY, 'FAULTS=1', 'CRASHES=1', 'MORTAL', 'STANDING'],
  },
  {
    name: 'one-holder',
    says: 'one grant, every delivery twice; crashes for good, lost answers, somebody else’s rule',
    defines: [...TIMELY, 'VISITORS=2', 'FAULTS=1', 'CRASHES=1', 'MORTAL', 'STANDING'],
  },
  {
    name: 'one-extended',
    says: 'one grant, extended; every delivery twice, lost answers',
    defines: [...TIMELY, 'VISITORS=2', 'FAULTS=1', 'EXTEND'],
  },
  {
    name: 'half-extended',
    says: 'one grant, extended; every delivery twice, crashes for good, the extension’s as well',
    defines: [...TIMELY, 'VISITORS=2', 'CRASHES=1', 'MORTAL', 'EXTEND'],
  },
  {
    name: 'two-lost',
    says: 'two grants of one rule; lost answers',
    defines: [...TIMELY, 'GRANTS=2', 'FAULTS=1'],
  },
  {
    name: 'two-holders',
    says: 'two grants of one rule, ended early at any time',
    defines: [...TIMELY, 'GRANTS=2'],
  },
  {
    name: 'two-crashing',
    says: 'two grants of one rule; workers crash, for good as well',
    defines: [...TIMELY, 'GRANTS=2', 'CRASHES=1', 'MORTAL', 'NO_CLICKS'],
  },
  {
    name: 'two-extended',
    says: 'two grants of one rule, the first one extended',
    defines: [...TIMELY, 'GRANTS=2', 'EXTEND'],
  },
  {
    name: 'by-hand',
    says: 'two grants of one rule; somebody deletes a rule or a switch by hand',
    defines: [...TIMELY, 'GRANTS=2', 'BY_HAND'],
  },
  {
    name: 'frozen',
    says: 'one grant; workers held up anywhere, for any time, with old knowledge of the log',
    defines: ['VISITORS=2', 'STANDING'],
  },
  {
    name: 'swept',
    says: 'one grant; held up, crashed for good, calls that land late: the sweep is all there is',
    defines: ['SWEEP', 'LATE', 'FAULTS=1', 'CRASHES=1', 'MORTAL', 'STANDING'],
  },
];

/** Too large to be searched to the last state; a fault that is planted in them is found soon all the same. */
const TOO_LARGE = [
  { name: 'two-twice', defines: [...TIMELY, 'GRANTS=2', 'VISITORS=2', 'FIRST_TWICE', 'NO_CLICKS'] },
];

/** `in`: the model that it is planted in. */
export const FAULTS = [
  { name: 'UNARMED', in: 'one-worker', says: 'authorize before the switch is armed' },
  { name: 'BLIND', in: 'one-worker', says: 'arm without looking for somebody else’s rule first' },
  { name: 'ADOPT', in: 'one-worker', says: 'join somebody else’s rule' },
  { name: 'DISARM_FIRST', in: 'one-worker', says: 'disarm before absence is proven' },
  {
    name: 'UNTOLD',
    in: 'one-holder',
    says: 'count absence from before the log says that the window is ending',
  },
  { name: 'ONE_LOOK', in: 'by-hand', says: 'do not look at the switch again after authorize' },
  { name: 'KEPT', in: 'by-hand', says: 'leave a rule to a grant that holds another one, or none any more' },
  { name: 'RELEASE_HELD', in: 'two-holders', says: 'disarm although another grant holds the rule' },
  {
    name: 'RELEASE_ENDING',
    in: 'two-holders',
    says: 'disarm although another grant is still closing the rule',
  },
  {
    name: 'LEFT_SWITCH',
    in: 'two-holders',
    says: 'leave the switch to another grant that is closing, and do not ask again',
  },
  {
    name: 'REWRITE',
    in: 'two-crashing',
    says: 'write a switch again without asking the log whether the window is over',
  },
  {
    name: 'FAIL_SHARED',
    in: 'two-holders',
    says: 'record a failed opening although the rule was left to it',
  },
  {
    name: 'EXTEND_UNASKED',
    in: 'one-extended',
    says: 'move switch and tag before the extension is approved',
  },
  {
    name: 'VAIN',
    in: 'one-extended',
    says: 'leave what was armed for a window that another has closed meanwhile',
  },
  {
    name: 'LEFT_VAIN',
    in: 'two-twice',
    says: 'leave what was armed for nothing to a grant that is closing, and do not ask again',
  },
  { name: 'TAKEN_OVER', in: 'frozen', says: 'take a window that somebody has closed meanwhile for open' },
  { name: 'LEFT_BEHIND', in: 'frozen', says: 'leave what was made to whoever recorded the close' },
  {
    name: 'ONE_ID',
    in: 'frozen',
    says: 'close by the confirmed id alone, whatever else the request has made',
  },
  { name: 'LOG_FIRST', in: 'swept', says: 'sweep by a log that was read before describing' },
];

export const definesOf = (name) => [...MODELS, ...TOO_LARGE].find((model) => model.name === name).defines;
