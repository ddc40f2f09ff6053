/** Shapes of what the API answers, for its document: requests are described by the schemas that check them. */
import { Type } from 'typebox';

const Text = Type.String();
const Whole = Type.Integer();
const Anything = Type.Unknown();
const KeyValues = Type.Array(Type.Object({ key: Text, value: Anything, init: Type.Optional(Type.Boolean()) }));
const PathAndName = Type.Object({ path: Text, name: Text });
const Status = Type.Union([Type.Literal('active'), Type.Literal('inactive')]);

const entity = {
  namespace: Text, name: Text, version: Text, publish: Type.Boolean(), annotations: KeyValues,
  updated: Type.Integer({ description: 'Epoch milliseconds of the last change.' }),
};
const ActionLimits = Type.Object({
  timeout: Type.Integer({ description: 'Milliseconds.' }), memory: Type.Integer({ description: 'Megabytes.' }), logs: Type.Integer({ description: 'Megabytes.' }),
  concurrency: Whole, instances: Type.Optional(Whole),
});
const ActionInPackage = Type.Object({ name: Text, version: Text, annotations: KeyValues });
const packageFields = { ...entity, parameters: KeyValues, binding: Type.Object({ namespace: Type.Optional(Text), name: Type.Optional(Text) }) };
const rule = { ...entity, trigger: PathAndName, action: PathAndName };
const ActivationResponse = Type.Object({ status: Text, success: Type.Boolean(), result: Type.Optional(Anything), size: Type.Optional(Whole) });
const activation = {
  namespace: Text, name: Text, version: Text, publish: Type.Boolean(), annotations: KeyValues, activationId: Text,
  cause: Type.Optional(Text), start: Type.Integer({ description: 'Epoch milliseconds.' }),
  end: Type.Optional(Type.Integer({ description: 'Absent from the activations of triggers.' })),
  duration: Type.Optional(Type.Integer({ description: 'Milliseconds.' })),
};
const swagger = Type.Object({ swagger: Type.Optional(Text), basePath: Type.Optional(Text), paths: Type.Optional(Type.Object({})) }, { description: 'Swagger 2.0.' });
const Api = Type.Object({ namespace: Text, gwApiUrl: Text, gwApiActivated: Type.Boolean(), tenantId: Text, apidoc: swagger });

/** By the name under which the document's operations refer to them. */
export const ANSWERS = {
  Error: Type.Object({ error: Text, code: Type.String({ description: 'The transaction id, as in the header X-Request-ID.' }) }),
  Action: Type.Object({ ...entity, exec: Type.Object({ kind: Text, binary: Type.Optional(Type.Boolean()) }), parameters: KeyValues, limits: ActionLimits }),
  ActionSummary: Type.Object({ ...entity, exec: Type.Object({ binary: Type.Boolean() }), limits: ActionLimits }),
  Package: Type.Object(packageFields),
  PackageWithActions: Type.Object({ ...packageFields, actions: Type.Array(ActionInPackage), feeds: Type.Array(ActionInPackage) }),
  PackageSummary: Type.Object({ ...entity, binding: Type.Union([Type.Literal(false), Type.Object({ namespace: Text, name: Text })]) }),
  Trigger: Type.Object({
    ...entity, parameters: KeyValues, limits: Type.Object({}),
    rules: Type.Optional(Type.Record(Text, Type.Object({ action: PathAndName, status: Status }))),
  }),
  TriggerSummary: Type.Object(entity),
  Rule: Type.Object({ ...rule, status: Status }),
  RuleSummary: Type.Object(rule),
  Activation: Type.Object({ ...activation, subject: Text, response: ActivationResponse, logs: Type.Array(Text) }),
  ActivationSummary: Type.Object({ ...activation, statusCode: Type.Optional(Type.Integer({ minimum: 0, maximum: 3 })) }),
  ActivationResponse,
  ActivationLogs: Type.Object({ logs: Type.Array(Text) }),
  ActivationId: Type.Object({ activationId: Type.String({ pattern: '^[0-9a-f]{32}$' }) }),
  Api,
  Apis: Type.Object({ apis: Type.Array(Type.Object({ id: Text, key: Text, value: Api })) }),
  Namespaces: Type.Array(Text),
  Limits: Type.Object({ invocationsPerMinute: Whole, concurrentInvocations: Whole, firesPerMinute: Whole }),
  Platform: Type.Object({
    description: Text, api_paths: Type.Array(Text), limits: Type.Record(Text, Whole),
    runtimes: Type.Record(Text, Type.Array(Type.Object({ kind: Text, image: Text, default: Type.Boolean(), deprecated: Type.Boolean() }))),
  }),
  Version: Type.Object({ description: Text, api_version: Text, api_version_path: Text, build: Text, buildno: Text, swagger_paths: Type.Record(Text, Text) }),
  Any: Anything,
} as const;

export type AnswerName = keyof typeof ANSWERS;
