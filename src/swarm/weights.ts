// Weights of priorities.

export type Priority = 'low' | 'normal' | 'high'

/** What a content gets in proportion to others that want as much. Powers of two: divisions by them are exact. */
export const WEIGHTS: Readonly<Record<Priority, number>> = { low: 1, normal: 4, high: 16 }
