/** What the namespace `whisk.system` contains, as data. The code of utils and samples is in the top folder `catalog/`. */
import { readFileSync } from 'node:fs';
import type { JsonObject } from '../domain/json.ts';

export const SYSTEM_NAMESPACE = 'whisk.system';

export interface SystemPackage {
  name: string;
  description: string;
  /** Parameters that bindings may set for all actions. */
  parameters?: ParameterDescription[];
  actions: SystemAction[];
}

interface SystemAction {
  name: string;
  description: string;
  /** Run on an invoker; without it, by the controller under the name `package/name`. */
  code?: string;
  /** A trigger can be made with it. */
  feed?: true;
  parameters?: ParameterDescription[];
  sampleInput?: JsonObject;
  sampleOutput?: JsonObject;
}

export interface ParameterDescription { name: string; required: boolean; type?: string; description?: string }

const LINES: ParameterDescription = { name: 'lines', required: true, type: 'array', description: 'Texts or numbers' };
const NAME_AND_PLACE: ParameterDescription[] = [{ name: 'name', required: false, description: 'Who is greeted' }, { name: 'place', required: false, description: 'Where they are from' }];
const START: ParameterDescription = { name: 'startDate', required: false, description: 'When it begins: epoch ms or an ISO date' };
const STOP: ParameterDescription = { name: 'stopDate', required: false, description: 'When it ends: epoch ms or an ISO date' };
const MOST: ParameterDescription = { name: 'maxTriggers', required: false, description: 'Fires at most so often' };

export const SYSTEM_PACKAGES: readonly SystemPackage[] = [
  {
    name: 'utils', description: 'Building blocks for sequences: texts, lines, dates',
    actions: [
      { name: 'echo', description: 'Gives back what it is given', parameters: [{ name: 'payload', required: false, description: 'Anything' }], sampleInput: { payload: 'three nodes' }, sampleOutput: { payload: 'three nodes' } },
      { name: 'cat', description: 'Joins lines to one text', parameters: [LINES], sampleInput: { lines: ['a', 'b'] }, sampleOutput: { lines: ['a', 'b'], payload: 'a\nb' } },
      {
        name: 'split', description: 'Splits a text into lines',
        parameters: [{ name: 'payload', required: true, description: 'A text' }, { name: 'separator', required: false, description: 'Where to split it; at ends of lines by default' }],
        sampleInput: { payload: 'a,b', separator: ',' }, sampleOutput: { lines: ['a', 'b'], payload: 'a,b' },
      },
      { name: 'sort', description: 'Sorts lines', parameters: [LINES], sampleInput: { lines: ['b', 'a'] }, sampleOutput: { lines: ['a', 'b'], length: 2 } },
      {
        name: 'head', description: 'The first lines', parameters: [LINES, { name: 'num', required: false, type: 'integer', description: 'How many; 1 by default' }],
        sampleInput: { lines: ['a', 'b', 'c'], num: 2 }, sampleOutput: { lines: ['a', 'b'], num: 2 },
      },
      { name: 'date', description: 'The date and time', sampleOutput: { date: '2026-01-02T03:04:05.678Z' } },
      { name: 'namespace', description: 'The namespace that invokes it', sampleOutput: { namespace: 'guest' } },
      {
        name: 'smash', description: 'Puts everything below one property', parameters: [{ name: '$fieldName', required: true, type: 'string', description: 'Name of the property' }],
        sampleInput: { a: 1, b: 2, $fieldName: 'p' }, sampleOutput: { p: { a: 1, b: 2 } },
      },
      {
        name: 'hosturl', description: 'The URL under which an action or a trigger is invoked',
        parameters: [
          { name: 'path', required: false, type: 'string', description: 'Name of the action, package/name or trigger' }, { name: 'web', required: false, type: 'boolean', description: 'It is a web action' },
          { name: 'ext', required: false, type: 'string', description: 'Extension of a web action' }, { name: 'trigger', required: false, type: 'boolean', description: 'It is a trigger' },
        ],
        sampleInput: { web: true, path: 'utils/echo' }, sampleOutput: { url: 'http://127.0.0.1:3233/api/v1/web/guest/utils/echo.json' },
      },
    ].map(withCode('utils')),
  },
  {
    name: 'samples', description: 'Simple actions to begin with',
    actions: [
      { name: 'helloWorld', description: 'Writes a line to its log', parameters: [{ name: 'payload', required: false, description: 'What stands in the line' }], sampleInput: { payload: 'node' }, sampleOutput: {} },
      { name: 'greeting', description: 'Greets somebody', parameters: NAME_AND_PLACE, sampleInput: { name: 'Ada', place: 'London' }, sampleOutput: { payload: 'Hello, Ada from London!' } },
      { name: 'wordCount', description: 'Counts the words of a text', parameters: [{ name: 'payload', required: true, description: 'A text' }], sampleInput: { payload: 'three idle nodes' }, sampleOutput: { count: 3 } },
      { name: 'helloPromises', description: 'Greets somebody a moment later', parameters: NAME_AND_PLACE, sampleInput: { name: 'Ada', place: 'London' }, sampleOutput: { lines: ['Hello,', 'Ada', 'from', 'London!'] } },
      { name: 'printParams', description: 'Writes its parameters to its log, sorted', sampleInput: { b: 2, a: 1 }, sampleOutput: { params: { a: 1, b: 2 } } },
      { name: 'curl', description: 'Fetches what is at a URL', parameters: [{ name: 'payload', required: true, description: 'A host or URL' }], sampleInput: { payload: 'localhost:8000' }, sampleOutput: { msg: 'what was there' } },
    ].map(withCode('samples')),
  },
  {
    name: 'alarms', description: 'Fires triggers at certain times',
    parameters: [{ name: 'trigger_payload', required: false, description: 'What the trigger is fired with' }],
    actions: [
      {
        name: 'alarm', description: 'Fires a trigger by a cron pattern', feed: true,
        parameters: [{ name: 'cron', required: true, description: '5 fields, or 6 with seconds' }, { name: 'timezone', required: false, description: 'UTC by default' }, { name: 'strict', required: false, description: 'At second 0, which is the default' }, START, STOP, MOST],
      },
      { name: 'interval', description: 'Fires a trigger every so many minutes', feed: true, parameters: [{ name: 'minutes', required: true, type: 'integer' }, START, STOP, MOST] },
      { name: 'once', description: 'Fires a trigger once', feed: true, parameters: [{ name: 'date', required: true, description: 'Epoch ms or an ISO date' }, { name: 'deleteAfterFire', required: false, description: 'false, true (the trigger) or rules (those, too)' }] },
    ],
  },
];

function withCode(name: string): (action: SystemAction) => SystemAction {
  return (action) => ({ ...action, code: readFileSync(new URL(`../../catalog/${name}/${action.name}.js`, import.meta.url), 'utf8') });
}
