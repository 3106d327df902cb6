import { Body, Controller, Param, ParseIntPipe, Patch, Post } from '@nestjs/common';
import { ContractChangeDto, ContractDto, RaiseDto, SuspensionDto } from './contract.dto.js';
import type { Contract } from './contract.entity.js';
import { ContractsService } from './contracts.service.js';

@Controller('contracts')
export class ContractsController {
  constructor(private readonly contracts: ContractsService) {}

  @Post()
  drawUp(@Body() contract: ContractDto): Promise<Contract> {
    return this.contracts.drawUp(contract);
  }

  @Patch(':id')
  change(@Param('id', ParseIntPipe) id: number, @Body() { status }: ContractChangeDto): Promise<Contract> {
    return this.contracts.change(id, status);
  }

  @Post('suspend')
  async suspend(@Body() { customerId }: SuspensionDto): Promise<{ readonly changed: number }> {
    return { changed: await this.contracts.suspendAllOf(customerId) };
  }

  @Post('raise')
  async raise(@Body() { percent }: RaiseDto): Promise<{ readonly changed: number }> {
    return { changed: await this.contracts.raise(percent) };
  }
}
