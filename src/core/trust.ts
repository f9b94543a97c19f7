// The reasons for which a content is believed.

/** Why the content is believed, strongest first. */
export type Trust = 'digest' | 'seed' | 'origin'
