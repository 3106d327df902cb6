import { Body, Get, HttpCode, Injectable, Param, Post, Query, Req } from '@nestjs/common';
import { HistoryService } from '../../history/history.service.js';
import type { Page } from '../../history/page.js';
import { limitOf, decodeAfter, toPage } from '../../history/page.js';
import { TriggerRegistry } from '../../intake/trigger.registry.js';
import { notFound } from '../../model/errors.js';
import type { WorkflowDefinition } from '../../workflows/workflow.definition.js';
import { WorkflowRegistry } from '../../workflows/workflow.registry.js';
import { Audited, Needs } from '../access/route-access.js';
import { RunBody } from '../dto/bodies.js';
import { ListQuery } from '../dto/list.queries.js';
import { checked } from '../http/checked.pipe.js';
import type { Given } from '../http/checked.pipe.js';
import type { AdminRequest } from '../http/exchange.js';
import { WorkflowRunner } from '../workflow-runner.service.js';
import { toWorkflowDetail, toWorkflowView } from '../workflow.view.js';
import type { WorkflowDetail, WorkflowView } from '../workflow.view.js';
import { askedBy, fireAnswer, selectFields } from './answers.js';
import type { FireAnswer } from './answers.js';

/** How many of its last executions a workflow shows. */
const LAST_EXECUTIONS = 10;

/** Workflows: `/workflows`. */
@Injectable()
export class WorkflowsController {
  constructor(
    private readonly workflows: WorkflowRegistry,
    private readonly triggers: TriggerRegistry,
    private readonly history: HistoryService,
    private readonly runner: WorkflowRunner,
  ) {}

  @Get()
  @Needs('viewer')
  list(@Query(checked(ListQuery)) query: Given<ListQuery>): Page<Partial<WorkflowView>> {
    const limit = limitOf(query);
    const after = query.after === undefined ? '' : decodeAfter(query.after, (name) => name !== '');
    const all = [...this.workflows.all()].sort((a, b) => (a.name < b.name ? -1 : 1));
    const views = all.map((workflow) => toWorkflowView(workflow, this.#triggersOf(workflow)));
    const behind = views.filter(({ name }) => name > after).slice(0, limit + 1);
    return selectFields({ ...toPage(behind, limit, ({ name }) => name), total: all.length }, query.fields);
  }

  @Get(':name')
  @Needs('viewer')
  async get(@Param('name') name: string): Promise<WorkflowDetail> {
    const workflow = this.workflows.get(name);
    if (workflow === undefined)
      throw notFound(
        'workflow',
        name,
        this.workflows.all().map((known) => known.name),
      );
    const { items } = await this.history.executions({ workflow: name }, { limit: LAST_EXECUTIONS });
    return toWorkflowDetail(workflow, this.#triggersOf(workflow), items);
  }

  @Post(':name/run')
  @HttpCode(202)
  @Needs('operator')
  @Audited('workflow.run')
  async run(
    @Param('name') name: string,
    @Body(checked(RunBody)) { context, runAt, priority }: Given<RunBody>,
    @Req() request: AdminRequest,
  ): Promise<FireAnswer> {
    return fireAnswer(await this.runner.launch(name, context, { runAt, priority, ...askedBy(request) }));
  }

  #triggersOf(workflow: WorkflowDefinition): string[] {
    return this.triggers
      .all()
      .filter(({ workflows }) => workflows.includes(workflow))
      .map(({ name }) => name);
  }
}
