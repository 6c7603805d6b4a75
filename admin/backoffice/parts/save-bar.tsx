import { SaveButton, Toolbar } from 'react-admin';

/** The foot of a form where deleting is no form's business. */
export const SaveBar = () => (
  <Toolbar>
    <SaveButton />
  </Toolbar>
);
