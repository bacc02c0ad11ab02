// Preloaded into a process of the product (node --import): on SIGUSR2 its wall clock jumps to so many milliseconds from
// the machine's as the file named by HARNESS_CLOCK says. Timers and the monotonic clock go on, as they do in a real jump.
// What its clock says then stands beside that file, as `.shown`.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';

const file = process.env.HARNESS_CLOCK;
const MachineDate = Date;
const machineNow = Date.now;
let shift = 0;

if (file !== undefined) {
  globalThis.Date = class Date extends MachineDate {
    constructor(...values) {
      if (values.length === 0) super(machineNow() + shift);
      else super(...values);
    }

    static now() {
      return machineNow() + shift;
    }
  };
  process.on('SIGUSR2', () => {
    shift = Number(readFileSync(file, 'utf8'));
    writeFileSync(`${file}.new`, String(Date.now()));
    renameSync(`${file}.new`, `${file}.shown`);
  });
}
