import 'reflect-metadata';
import { WorkflowRunner } from 'nestjs-triggers';
import { IdlePolls } from '../../polls/idle-polls.js';
import { METRONOME_MS, startDemo, urlOf } from './demo.app.js';
import { Inside } from './inside.js';
import { ledgerProblems } from './ledger-problems.js';
import type { AppMessage, AppQuestion, AppQuestions, AppSettings, AskMessage } from './messages.js';

/** The process of the application that is watched. It is asked over IPC, and stops on SIGTERM like any other. */
const metronome = new IdlePolls(METRONOME_MS);
const app = await startDemo(JSON.parse(process.argv[2] ?? '') as AppSettings, metronome);
const inside = new Inside(metronome);
const runner = app.get(WorkflowRunner, { strict: false });

const answers: { [Q in AppQuestion]: (given: AppQuestions[Q]['asks']) => unknown } = {
  sample: () => inside.sample(),
  start: ({ workflow, context }) => runner.start(workflow, context),
  check: () => ledgerProblems(app),
};

process.on('message', ({ id, question, given }: AskMessage) => {
  void Promise.resolve()
    .then(() => answers[question](given as never))
    .then((answer) => tell({ id, answer }))
    .catch((error: unknown) => tell({ id, error: String(error) }));
});
tell({ url: urlOf(app) });

function tell(message: AppMessage): void {
  process.send?.(message);
}
