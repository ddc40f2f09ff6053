export interface PlacementCost { invokers: number; nanoseconds: number; ratio: number }
export function benchPlacement(): PlacementCost[] { return []; }
