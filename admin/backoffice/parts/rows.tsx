import { DatagridBody, type DatagridBodyProps, DatagridRow } from 'react-admin';

/** Enter does what a click on the row does; keys pressed in a link or box inside it stay theirs. */
const onKeyDown = (event: React.KeyboardEvent<HTMLTableRowElement>) => {
  if (event.key !== 'Enter' || event.target !== event.currentTarget) return;
  event.preventDefault();
  event.currentTarget.click();
};

/** The body of every table whose rows open something: they can be reached and opened by keyboard. Set by the theme. */
export const Rows = (props: DatagridBodyProps) => (
  <DatagridBody
    {...props}
    row={props.rowClick === false ? <DatagridRow /> : <DatagridRow tabIndex={0} onKeyDown={onKeyDown} />}
  />
);
